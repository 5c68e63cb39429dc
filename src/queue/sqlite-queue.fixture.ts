import { systemClock } from "../lib/clock.ts";
import { openSqlite } from "../storage/sqlite/sqlite-database.ts";
import { conclude, sqliteQueue } from "./sqlite-queue.ts";

/** Takes jobs and concludes them until there is none; answers with the ids of those it did. */
export async function workOff(path: string, holder: string): Promise<string[]> {
  const database = openSqlite({ path, writer: "inline" });
  const config = { lane: "blue", holder, leaseMs: 60_000, backoff: { firstMs: 1, maxMs: 1 } };
  const queue = sqliteQueue(config, { database, clock: systemClock() });
  const done: string[] = [];
  for (let jobs = await queue.lease(["visit"], 3); jobs.length > 0; jobs = await queue.lease(["visit"], 3)) {
    for (const job of jobs) {
      await database.write({ name: "job.conclude", run: (tx) => conclude(tx, job) }, undefined);
      done.push(job.id);
    }
  }
  await database.close();
  return done;
}

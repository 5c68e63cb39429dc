import { appendEvent } from "./events.ts";
import { openSqlite } from "./sqlite/sqlite-database.ts";

/** Commits `count` events of one kind, several at a time, as fast as it can. */
export async function appendMany(path: string, kind: string, count: number): Promise<void> {
  const database = openSqlite({ path, writer: "inline" });
  const append = (subject: string) =>
    database.write(
      { name: "event.append", run: (tx) => appendEvent(tx, { kind, subject, at: 0 }) },
      undefined,
    );
  for (let first = 0; first < count; first += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => append(`${kind}-${first + more}`)));
  }
  await database.close();
}

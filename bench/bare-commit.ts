/**
 * The yardstick of `bench press`, a process of its own: `node bare-commit.ts JSON`. The rows of a press and
 * nothing else: prepared statements of node:sqlite, one transaction and one flush for all callers that wait at
 * that moment, each caller waiting for the commit of its row before it brings the next.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { uuidv7 } from "../src/lib/ids.ts";
import { ground } from "../src/storage/migrations/0001-ground.ts";

/** What to commit. */
export interface BareOrder {
  readonly folder: string;
  readonly callers: number;
  readonly durationMs: number;
}

/** What came of it. */
export interface BareReport {
  readonly rate: number;
  /** Presses that shared a commit, on average. */
  readonly perCommit: number;
}

async function run({ folder, callers, durationMs }: BareOrder): Promise<BareReport> {
  const path = join(folder, `bare-${process.pid}.db`);
  const database = new DatabaseSync(path);
  // As the system has it (src/storage/sqlite/connection.ts).
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma cache_size = -4000; pragma temp_store = memory",
  );
  database.exec(ground.sql);
  database.exec("insert into site values ('home', 'Home', 'UTC', 'en')");
  database.exec("insert into door values ('front', 'home', 'Front door', 1)");
  const insert = inserter(database);

  const waiting: (() => void)[] = [];
  let commits = 0;
  let done = 0;
  const until = performance.now() + durationMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      done += 1;
    }
  };
  const committing = async (): Promise<void> => {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (waiting.length === 0) return;
      const group = waiting.splice(0);
      database.exec("begin immediate");
      for (const _ of group) insert();
      database.exec("commit");
      commits += 1;
      for (const resolve of group) resolve();
    }
  };
  const began = performance.now();
  const all = Promise.all(Array.from({ length: callers }, caller));
  await committing();
  await all;
  const seconds = (performance.now() - began) / 1_000;
  database.close();
  return { rate: done / seconds, perCommit: done / commits };
}

/** Writes one press: the visit, its job and its event, as `visit.accept` does. */
function inserter(database: DatabaseSync): () => void {
  const visit = database.prepare(
    `insert into visit (id, site_id, door_id, trigger_source, state, traceparent, synthetic, release, accepted_at)
     values (?, 'home', 'front', 'http', 'accepted', ?, 0, '0.1.0', ?)`,
  );
  const job = database.prepare(
    `insert into job (id, lane, kind, priority, payload, payload_version, state, attempts, max_tries,
       available_boot, available_uptime, enqueued_at)
     values (?, '0.1.0', 'visit', 0, ?, 1, 'open', 0, 5, '8f2b64c1-0c9e-4d3a-9f0e-5a4c1d2e3f40', ?, ?)`,
  );
  const event = database.prepare(
    `insert into event (at, kind, subject, payload) values (?, 'visit.accepted', ?, '{"v":1,"door":"front"}')`,
  );
  return () => {
    const at = Date.now();
    const id = uuidv7(at);
    visit.run(id, `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`, at);
    job.run(id, JSON.stringify({ visitId: id }), Math.round(performance.now()), at);
    event.run(at, id);
  };
}

const report = await run(JSON.parse(process.argv[2] ?? "{}") as BareOrder);
process.send?.(report, () => process.disconnect());

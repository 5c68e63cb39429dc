import { join } from "node:path";
import { type ManualClock, manualClock } from "../lib/clock.ts";
import { uuidv7 } from "../lib/ids.ts";
import type { Database } from "../storage/database.ts";
import { type KeyStore, openKeyStore } from "../storage/keys.ts";
import { migrate } from "../storage/migrate.ts";
import { openConnection } from "../storage/sqlite/connection.ts";
import { openSqlite, type SqliteConfig } from "../storage/sqlite/sqlite-database.ts";
import { temporaryFolder } from "./guard.ts";

/** A migrated database in a folder of its own, with one site `home` and one door `front`. */
export interface TestStore extends AsyncDisposable {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly clock: ManualClock;
  readonly folder: string;
  readonly path: string;
}

/** Opens a `TestStore`; `await using` closes it. @param writer module of a writer thread, or on this one */
export async function testStore(writer: SqliteConfig["writer"] = "inline"): Promise<TestStore> {
  const folder = temporaryFolder();
  const path = join(folder, "doorbell.db");
  const clock = manualClock();
  const setup = openConnection(path, { readOnly: false });
  migrate(setup, clock, join(folder, "before.db"));
  setup.exec("insert into site values ('home', 'Home', 'Europe/Berlin', 'en')");
  setup.exec("insert into door values ('front', 'home', 'Front door', 1)");
  setup.close();
  const database = openSqlite({ path, writer });
  const keys = openKeyStore(join(folder, "keys"), new Uint8Array(32).fill(7));
  return { database, keys, clock, folder, path, [Symbol.asyncDispose]: () => database.close() };
}

/** A visit row as the press leaves it. */
export async function insertVisit(store: TestStore, id: string = uuidv7(store.clock.now())): Promise<string> {
  await store.database.write(
    {
      name: "test.visit",
      run: (tx) =>
        tx
          .insertInto("visit")
          .values({
            id,
            site_id: "home",
            door_id: "front",
            trigger_source: "http",
            state: "accepted",
            outcome: null,
            reason: null,
            person_id: null,
            distance: null,
            evidence: null,
            decision: null,
            model: null,
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            idempotency_key: null,
            request_hash: null,
            synthetic: 0,
            release: "test",
            accepted_at: store.clock.now(),
            decided_at: null,
            acknowledged_at: null,
          })
          .execute(),
    },
    undefined,
  );
  return id;
}

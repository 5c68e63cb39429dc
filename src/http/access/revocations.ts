import type { Database, Tx } from "../../storage/database.ts";
import { appendEvent, lastSequence } from "../../storage/events.ts";
import { calmly } from "../calm.ts";

/** Event on the bus after which nothing known of credentials holds any more; its subject is a user. */
const ACCESS_CHANGED = "access.changed";

/** The longest that another process's revocation goes unnoticed, ms, once its commit is seen. */
const GAP_MS = 100;

/** Says on the bus, inside an act, that credentials of a user have ended. */
export async function sayAccessChanged(tx: Tx, userId: string, at: number): Promise<void> {
  await appendEvent(tx, { kind: ACCESS_CHANGED, subject: userId, at });
}

/**
 * Calls `onRevoked` after any process has ended a credential, and when the bus cannot be read: better to
 * forget too often. Only counts, and so costs next to nothing while other events pass. Returns how to stop.
 */
export async function watchRevocations(database: Database, onRevoked: () => void): Promise<() => void> {
  let seen = await lastSequence(database);
  const look = async (): Promise<void> => {
    const { newest, changes } = await database.read
      .selectFrom("event")
      .select((eb) => [
        eb.fn.max("seq").as("newest"),
        eb.fn.countAll<number>().filterWhere("kind", "=", ACCESS_CHANGED).as("changes"),
      ])
      .where("seq", ">", seen)
      .executeTakeFirstOrThrow();
    seen = Math.max(seen, newest ?? 0);
    if (changes > 0) onRevoked();
  };
  return calmly(database, GAP_MS).onCommit(() => void look().catch(onRevoked));
}

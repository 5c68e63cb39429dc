import { hash } from "node:crypto";
import type { Act, Tx } from "../../storage/database.ts";
import type { SignInThrottleTable } from "../../storage/schema.ts";
import { networkOf } from "../address.ts";

/** Failures that cost nothing: people mistype. */
const FREE_FAILURES = 4;
const FIRST_WAIT_MS = 1_000;
/** No longer than this, so that nobody can lock the owner out for good. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Failures are forgotten when so much time has passed since the last wait. */
const FORGOTTEN_AFTER_MS = 60 * 60_000;

/** The wait after so many failures in a row, ms: from the fifth on it doubles, up to a quarter of an hour. */
export function waitAfter(failures: number): number {
  if (failures <= FREE_FAILURES) return 0;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE_FAILURES - 1));
}

/**
 * Under what an attempt is counted: the name, so that many addresses cannot guess at one password, and the
 * address, so that one cannot guess at many. Names are hashed: people type passwords into the wrong field.
 */
export function throttleKeys(name: string, address: string): string[] {
  return [`name:${hash("sha256", name.toLowerCase(), "hex")}`, `address:${networkOf(address)}`];
}

type Attempt = { readonly keys: readonly string[]; readonly now: number };

/**
 * Lets an attempt through and counts it as failed, before its password is looked at: attempts sent together
 * cannot slip past each other. Answers how long to wait instead, ms; 0 when it may go on.
 */
export const countAttempt: Act<Attempt, number> = {
  name: "access.count-attempt",
  async run(tx, { keys, now }) {
    await tx
      .deleteFrom("sign_in_throttle")
      .where("blocked_until", "<", now - FORGOTTEN_AFTER_MS)
      .execute();
    const rows = await readRows(tx, keys);
    const waitMs = longestWait(rows, now);
    if (waitMs > 0) return waitMs;
    for (const key of keys) {
      const failures = (rows.find((row) => row.key === key)?.failures ?? 0) + 1;
      const row = { key, failures, blocked_until: now + waitAfter(failures) };
      await tx
        .insertInto("sign_in_throttle")
        .values(row)
        .onConflict((oc) => oc.column("key").doUpdateSet(row))
        .execute();
    }
    return 0;
  },
};

/** How long an attempt has to wait, ms. */
export async function readWait(reader: Tx, { keys, now }: Attempt): Promise<number> {
  return longestWait(await readRows(reader, keys), now);
}

/** A wait longer than any is a clock set back, and no wait. */
function longestWait(rows: readonly SignInThrottleTable[], now: number): number {
  const waits = rows.map((row) => row.blocked_until - now).filter((wait) => wait <= LONGEST_WAIT_MS);
  return Math.max(0, ...waits);
}

/** Forgets the failures, inside the act of a sign-in that succeeded. */
export async function forgiveFailures(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx.deleteFrom("sign_in_throttle").where("key", "in", keys).execute();
}

function readRows(reader: Tx, keys: readonly string[]): Promise<SignInThrottleTable[]> {
  return reader.selectFrom("sign_in_throttle").selectAll().where("key", "in", keys).execute();
}

import { createHash } from "node:crypto";
import type { Tx } from "../storage/database.ts";

/** Who did what, on what, from where, and how it ended. Ids only, never a name. */
export interface AuditEntry {
  /** ms since the epoch. */
  readonly at: number;
  /** `user:ID`, `token:ID`, `local` (the command line on the machine), `system`. */
  readonly actor: string;
  /** Noun and verb, such as `person.enrol`. */
  readonly action: string;
  /** What it was done to: `person:ID`, `visit:ID`, `-`. */
  readonly subject: string;
  /** Address of the caller, or `-`. */
  readonly origin: string;
  readonly outcome: "done" | "refused" | "failed";
  /** Plain JSON beside it. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Hash that the first entry follows. */
export const GENESIS = new Uint8Array(32);

/**
 * Appends an entry inside the act it tells of: neither exists without the other. Each entry's hash covers
 * the one before.
 */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const last = await tx
    .selectFrom("audit")
    .select(["seq", "hash"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  // Half a surrogate pair is stored as another character, and the hash must be of what is stored.
  const row = {
    seq: (last?.seq ?? 0) + 1,
    at: entry.at,
    actor: entry.actor.toWellFormed(),
    action: entry.action.toWellFormed(),
    subject: entry.subject.toWellFormed(),
    origin: entry.origin.toWellFormed(),
    outcome: entry.outcome,
    detail: JSON.stringify(entry.detail ?? {}),
  };
  const previous = last?.hash ?? GENESIS;
  await tx
    .insertInto("audit")
    .values({ ...row, previous_hash: previous, hash: hashOf(row, previous) })
    .execute();
}

type Hashed = { seq: number } & Required<Omit<AuditEntry, "detail">> & { detail: string };

/** SHA-256 over the previous hash and the entry's fields as a JSON array, in the order of the table. */
export function hashOf(row: Hashed, previous: Uint8Array): Uint8Array {
  const fields = [row.seq, row.at, row.actor, row.action, row.subject, row.origin, row.outcome, row.detail];
  return new Uint8Array(createHash("sha256").update(previous).update(JSON.stringify(fields)).digest());
}

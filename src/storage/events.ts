import type { Database, Tx } from "./database.ts";
import { insertRow } from "./insert-row.ts";

/** Something that happened, as everyone who cares reads it. Names people by id only. */
export interface DomainEvent {
  /** Noun and past verb, such as `visit.decided`. */
  readonly kind: string;
  /** Id of what it happened to. */
  readonly subject: string;
  /** When, ms since the epoch. */
  readonly at: number;
  /** Plain JSON; `v` is the version of its shape, 1 where absent. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** An event with its place in the order of commits. */
export interface SequencedEvent extends Required<DomainEvent> {
  readonly seq: number;
}

/** Appends an event inside an act: it is seen by others exactly when the act is. */
export async function appendEvent(tx: Tx, event: DomainEvent): Promise<void> {
  const { at, kind, subject, payload } = event;
  await insertRow(tx, "event", { at, kind, subject, payload: JSON.stringify({ v: 1, ...payload }) });
}

/** Sequence of the newest event, 0 before the first. */
export async function lastSequence(database: Database): Promise<number> {
  const row = await database.read
    .selectFrom("event")
    .select((eb) => eb.fn.max("seq").as("seq"))
    .executeTakeFirst();
  return Number(row?.seq ?? 0);
}

/** Where a reader of the bus stands and what it wants. */
export interface Follow {
  /** Sequence of the last event already seen. */
  readonly after: number;
  /** Only kinds that begin so, such as `visit.`; all where absent. */
  readonly prefix?: string;
  readonly signal: AbortSignal;
}

/** Most events that one look at the bus gives. */
export const EVENT_PAGE = 200;

/** Every event after a sequence, in order, then each new one as it is committed. Ends when aborted. */
export async function* followEvents(database: Database, follow: Follow): AsyncGenerator<SequencedEvent> {
  let wake = (): void => {};
  let dirty = true;
  const knock = (): void => {
    dirty = true;
    wake();
  };
  const stopListening = database.onCommit(knock);
  follow.signal.addEventListener("abort", knock, { once: true });
  try {
    let after = follow.after;
    while (!follow.signal.aborted) {
      dirty = false;
      const newest = await lastSequence(database);
      const page = await readEvents(database, after, follow.prefix);
      for (const event of page) {
        if (follow.signal.aborted) return;
        yield event;
        after = event.seq;
      }
      if (page.length === EVENT_PAGE) continue;
      // All up to `newest` was looked through: events of other kinds are not read again at each commit.
      after = Math.max(after, newest);
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (dirty) resolve();
      });
    }
  } finally {
    stopListening();
    follow.signal.removeEventListener("abort", knock);
  }
}

/** A page of at most `EVENT_PAGE` events after a sequence, in order. @param prefix only kinds that begin so */
export async function readEvents(database: Database, after: number, prefix = ""): Promise<SequencedEvent[]> {
  const rows = await database.read
    .selectFrom("event")
    .selectAll()
    .where("seq", ">", after)
    .where((eb) => eb(eb.fn("substr", ["kind", eb.lit(1), eb.lit(prefix.length)]), "=", prefix))
    .orderBy("seq")
    .limit(EVENT_PAGE)
    .execute();
  return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) as Record<string, unknown> }));
}

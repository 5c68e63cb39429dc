import type { Act, Database, Tx } from "../storage/database.ts";
import { appendEvent } from "../storage/events.ts";
import { readMemo, writeMemo } from "../storage/memo.ts";

/**
 * How a channel does. `untried`: nothing was sent yet; `working`: the newest delivery arrived; `failing`:
 * something waits after a failure, or went to the dead letters since the last success; `silent`: nothing
 * has arrived for too long, in spite of the daily tests.
 */
export interface ChannelState {
  readonly name: string;
  readonly state: "untried" | "working" | "failing" | "silent";
  /** When something arrived last, ms since the epoch. */
  readonly lastSuccessAt: number | null;
  /** Code of the newest failure of what waits or is dead. */
  readonly lastError: string | null;
  readonly waiting: number;
  readonly dead: number;
}

/** What is remembered of a channel beside its deliveries. */
interface ChannelMemo {
  /** Since when it is configured, ms since the epoch. */
  readonly knownSince: number;
  /** Since when it counts as silent; null while it does not. */
  readonly silentSince: number | null;
}

const memoKey = (channel: string): string => `channel:${channel}`;

/** The state of each of these channels, for pages and commands. */
export function channelStates(database: Database, names: readonly string[]): Promise<ChannelState[]> {
  return Promise.all(names.map((name) => stateOf(database.read, name)));
}

async function stateOf(db: Tx, name: string): Promise<ChannelState> {
  const memo = await readMemo<ChannelMemo>(db, memoKey(name));
  const lastSuccessAt = await lastSuccess(db, name);
  const open = await openDeliveries(db, name);
  const waiting = open.filter(({ state }) => state === "waiting");
  const dead = open.filter(({ state }) => state === "dead");
  const failures = [
    ...waiting.filter(({ last_error }) => last_error !== null),
    ...dead.filter(({ waiting_since }) => waiting_since >= (lastSuccessAt ?? 0)),
  ];
  const tried = lastSuccessAt === null ? "untried" : "working";
  const silent = (memo?.silentSince ?? 0) > (lastSuccessAt ?? 0);
  return {
    name,
    state: silent ? "silent" : failures.length > 0 ? "failing" : tried,
    lastSuccessAt,
    lastError: failures.at(-1)?.last_error ?? null,
    waiting: waiting.length,
    dead: dead.length,
  };
}

/** One query for each state, as each has its index. */
async function openDeliveries(db: Tx, channel: string) {
  const inState = (state: "waiting" | "dead") =>
    db
      .selectFrom("outbox")
      .select(["state", "last_error", "waiting_since"])
      .where("channel", "=", channel)
      .where("state", "=", state)
      .orderBy("seq")
      .execute();
  return [...(await inState("waiting")), ...(await inState("dead"))];
}

async function lastSuccess(db: Tx, channel: string): Promise<number | null> {
  const row = await db
    .selectFrom("outbox")
    .where("channel", "=", channel)
    .where("state", "=", "delivered")
    .select((eb) => eb.fn.max("delivered_at").as("at"))
    .executeTakeFirst();
  return row?.at ?? null;
}

/** What is known of how long a channel has been quiet. */
export interface Quiet {
  readonly name: string;
  /** Undefined for a channel that was never seen before. */
  readonly memo: ChannelMemo | undefined;
  /** When something arrived last, or since when there is such a channel, ms since the epoch. */
  readonly since: number;
}

/** How long each of these channels has been quiet. @param at now, ms since the epoch */
export function quietOf(db: Tx, names: readonly string[], at: number): Promise<Quiet[]> {
  return Promise.all(
    names.map(async (name) => {
      const memo = await readMemo<ChannelMemo>(db, memoKey(name));
      return { name, memo, since: (await lastSuccess(db, name)) ?? memo?.knownSince ?? at };
    }),
  );
}

type NoteArgs = { at: number; channels: readonly { name: string; silent: boolean }[] };

/** Remembers which channels there are and which are silent. Each change is said on the bus, once. */
export const noteChannels: Act<NoteArgs, void> = {
  name: "channel.note",
  async run(tx, { at, channels }) {
    for (const { name, silent } of channels) {
      const before = await readMemo<ChannelMemo>(tx, memoKey(name));
      const wasSilent = (before?.silentSince ?? null) !== null;
      if (before && wasSilent === silent) continue;
      const silentSince = silent ? at : null;
      const memo: ChannelMemo = { knownSince: before?.knownSince ?? at, silentSince };
      await writeMemo.run(tx, { key: memoKey(name), value: memo });
      if (wasSilent === silent) continue;
      const lastSuccessAt = await lastSuccess(tx, name);
      const kind = silent ? "channel.silent" : "channel.heard";
      await appendEvent(tx, { kind, subject: name, at, payload: { lastSuccessAt } });
    }
  },
};

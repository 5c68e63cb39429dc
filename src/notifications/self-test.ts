import { createHash } from "node:crypto";
import { localTime, minuteOf } from "../calendar/window.ts";
import type { Clock } from "../lib/clock.ts";
import { derivedId } from "../lib/ids.ts";
import type { Enqueued } from "../queue/sqlite-queue.ts";
import type { Act, Database } from "../storage/database.ts";
import { noteChannels, type Quiet, quietOf } from "./channel-states.ts";
import { putDelivery } from "./outbox.ts";
import type { SelfTestSettings } from "./settings.ts";

const HOUR_MS = 3_600_000;
/** So long after the start nothing counts as silent: what waited meanwhile goes out first, ms. */
const GRACE_MS = 15 * 60_000;

/** Which channels are tested, and when. */
export interface SelfTestConfig {
  /** The release whose dispatcher sends the tests. */
  readonly lane: string;
  readonly channels: readonly string[];
  /** Read anew at each look. */
  readonly settings: () => SelfTestSettings;
  /** IANA zone of the household, read anew at each look. */
  readonly timeZone: () => string;
  /** From one look to the next, ms. */
  readonly everyMs: number;
}

/** What the self-tests need. */
export interface SelfTestDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly onError: (doing: string, error: unknown) => void;
}

/** The minute of the day at which a channel is tested: its own, always the same, within the day. */
export function testMinute(channel: string, { at, spreadMinutes }: SelfTestSettings): number {
  const share = createHash("sha256").update(channel).digest().readUInt32BE();
  return Math.min(minuteOf(at) + (share % (spreadMinutes + 1)), 24 * 60 - 1);
}

/**
 * Whether a channel's test of the day is due: when its minute has come, also where that was missed; at once
 * when the channel will soon count as silent, as after days without power.
 *
 * @param minute of the day by the household's clock @param quietMs how long nothing has arrived
 */
export function isTestDue(
  channel: string,
  minute: number,
  quietMs: number,
  settings: SelfTestSettings,
): boolean {
  if (!settings.enabled) return false;
  return minute >= testMinute(channel, settings) || quietMs >= settings.silentAfterMs - HOUR_MS;
}

type PutArgs = Enqueued & { tests: readonly { id: string; channel: string }[] };

/** Puts tests into the outbox. */
export const putSelfTests: Act<PutArgs, void> = {
  name: "outbox.put-self-tests",
  async run(tx, { tests, ...enqueued }) {
    for (const { id, channel } of tests) {
      const test = { id, channel, kind: "self_test", rule: "self-test", urgent: false } as const;
      await putDelivery(tx, { ...test, visitId: null, content: {} }, enqueued);
    }
  },
};

/**
 * Sends a test through every channel once a day, and says on the bus which channel has fallen silent and
 * which is heard again. The test of a channel and a date has one id, so no restart and no clock that is set
 * back makes a second one.
 */
export class SelfTests {
  readonly #config: SelfTestConfig;
  readonly #deps: SelfTestDeps;
  readonly #startedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(config: SelfTestConfig, deps: SelfTestDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#startedAt = deps.clock.moment().uptimeMs;
  }

  /** Looks at once, then every `everyMs`. */
  start(): void {
    this.#lookAgain();
    this.#timer = setInterval(() => this.#lookAgain(), this.#config.everyMs);
  }

  /** Finishes the look at hand. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #lookAgain(): void {
    this.#looking = this.#looking
      .then(() => this.look())
      .catch((error: unknown) => this.#deps.onError("test channels", error));
  }

  /** Looks once what is due and who is silent. */
  async look(): Promise<void> {
    const { database, clock } = this.#deps;
    const at = clock.now();
    const channels = await quietOf(database.read, this.#config.channels, at);
    await this.#test(channels, at);
    await this.#note(channels, at);
  }

  async #test(channels: readonly Quiet[], at: number): Promise<void> {
    const { database, clock } = this.#deps;
    const { lane, settings, timeZone } = this.#config;
    const { date, minute } = localTime(at, timeZone());
    const due = channels
      .filter(({ name, since }) => isTestDue(name, minute, at - since, settings()))
      .map(({ name }) => ({ id: derivedId("self_test", name, date), channel: name }));
    const ids = due.map(({ id }) => id);
    const there = await database.read.selectFrom("outbox").select("id").where("id", "in", ids).execute();
    const tests = due.filter(({ id }) => !there.some((row) => row.id === id));
    if (tests.length > 0) await database.write(putSelfTests, { lane, at, moment: clock.moment(), tests });
  }

  async #note(channels: readonly Quiet[], at: number): Promise<void> {
    const { enabled, silentAfterMs } = this.#config.settings();
    const settled = this.#deps.clock.moment().uptimeMs - this.#startedAt >= GRACE_MS;
    const changed = channels
      .map(({ name, memo, since }) => {
        const wasSilent = (memo?.silentSince ?? null) !== null;
        const quiet = enabled && at - since >= silentAfterMs;
        return { name, known: memo !== undefined, wasSilent, silent: quiet && (wasSilent || settled) };
      })
      .filter(({ known, wasSilent, silent }) => !known || wasSilent !== silent);
    if (changed.length === 0) return;
    await this.#deps.database.write(noteChannels, {
      at,
      channels: changed.map(({ name, silent }) => ({ name, silent })),
    });
  }
}

import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { isRetryable } from "../lib/errors.ts";
import { failpoint } from "../lib/failpoint.ts";
import type { Channel } from "./channel.ts";
import { dueDeliveries, type HeldDelivery, type Limits, leaseDeliveries } from "./leasing.ts";
import type { MessageKind } from "./message.ts";
import { type Ending, reclaimDeliveries, settleDelivery } from "./outbox.ts";
import { later, leaseMs, type TryDeps, type TryLimits, tryDelivery } from "./try-delivery.ts";

/** What of the configuration the dispatcher obeys. */
export interface DispatchSettings extends Limits, TryLimits {
  /** How many messages one channel gets at the same time; with 1 they arrive in their order. */
  readonly atOncePerChannel: number;
}

/** How a dispatcher works. */
export interface DispatcherConfig {
  /** The release whose deliveries it takes. */
  readonly lane: string;
  /** This process, the same over its restarts: what an earlier life held is taken back at the start. */
  readonly holder: string;
  /** Read anew for each delivery: these may change while the system runs. */
  readonly settings: () => DispatchSettings;
  /** Longest wait before it looks for deliveries whose time has come, ms. */
  readonly pollMs: number;
  /** How long `stop` lets what is being sent go on, ms. */
  readonly stopGraceMs: number;
}

/** Counts deliveries by how a try ended: the metric `notifications_sent_total`. */
export interface DeliveryMetrics {
  sent(channel: string, kind: MessageKind, status: "sent" | "failed" | "dead"): void;
}

/** What a dispatcher needs. */
export interface DispatcherDeps extends TryDeps {
  readonly channels: readonly Channel[];
  readonly metrics: DeliveryMetrics;
  /** Told what went wrong on this side, with no name in it; it is tried again. */
  readonly onError: (doing: string, error: unknown) => void;
}

/**
 * Brings the outbox to the channels: one for each lane, in `ops`. Every channel has places of its own, so
 * one that hangs holds up no other. It looks whenever anybody has committed, and every `pollMs`.
 */
export class Dispatcher {
  readonly #config: DispatcherConfig;
  readonly #deps: DispatcherDeps;
  readonly #stop = new AbortController();
  readonly #outOfPatience = new AbortController();
  readonly #active = new Map<HeldDelivery, Promise<void>>();
  #loop: Promise<void> = Promise.resolve();
  #stopListening = (): void => {};
  #dirty = false;
  #wake = (): void => {};

  constructor(config: DispatcherConfig, deps: DispatcherDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Takes back what an earlier life held, then begins. */
  async start(): Promise<void> {
    const { database, clock } = this.#deps;
    await database.write(reclaimDeliveries, { holder: this.#config.holder, moment: clock.moment() });
    this.#stopListening = database.onCommit(this.#knock);
    this.#loop = this.#run();
  }

  /** Takes no more, finishes what is being sent, and gives back what does not finish in time. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#knock();
    await this.#loop;
    this.#stopListening();
    const grace = setTimeout(() => this.#outOfPatience.abort(), this.#config.stopGraceMs);
    await Promise.all(this.#active.values());
    clearTimeout(grace);
  }

  readonly #knock = (): void => {
    this.#dirty = true;
    this.#wake();
  };

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#dirty = false;
      try {
        for (const held of await this.#lease()) this.#begin(held);
      } catch (error) {
        this.#deps.onError("take deliveries", error);
        await this.#pause();
      }
      if (!this.#dirty) await this.#work();
    }
  }

  /** Resolves when there may be something to deliver, after `pollMs`, or when stopped. */
  async #work(): Promise<void> {
    const timer = setTimeout(this.#knock, this.#config.pollMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#dirty) resolve();
    });
    clearTimeout(timer);
  }

  async #lease(): Promise<HeldDelivery[]> {
    const { database, clock, channels } = this.#deps;
    const { lane, holder } = this.#config;
    const settings = this.#config.settings();
    const { perMinute, perHour, urgentPasses, staleAfterMs } = settings;
    const held = [...this.#active.keys()];
    const request = {
      lane,
      at: clock.now(),
      moment: clock.moment(),
      channels: channels.map(({ name }) => ({
        name,
        room: Math.max(0, settings.atOncePerChannel - held.filter(({ channel }) => channel === name).length),
      })),
      limits: { perMinute, perHour, urgentPasses, staleAfterMs },
      holding: held.map(({ id }) => id),
    };
    const { stale, orphaned, next } = await dueDeliveries(database.read, request);
    if (stale.length + orphaned.length + next.length === 0) return [];
    return database.write(leaseDeliveries, {
      ...request,
      lease: `${holder}/${randomUUID()}`,
      until: later(clock, leaseMs(settings)),
    });
  }

  #begin(held: HeldDelivery): void {
    const done = this.#deps.watch
      .inTrace(held, () => this.#deliver(held))
      .catch((error: unknown) => this.#deps.onError("deliver", error))
      .finally(() => {
        this.#active.delete(held);
        this.#knock();
      });
    this.#active.set(held, done);
  }

  async #deliver(held: HeldDelivery): Promise<void> {
    const channel = this.#deps.channels.find(({ name }) => name === held.channel)!;
    const ending = await tryDelivery(
      held,
      channel,
      this.#config.settings(),
      this.#deps,
      this.#outOfPatience.signal,
    );
    if (!ending) return;
    failpoint("outbox.before-settle");
    if (await this.#settle(held, ending)) this.#tell(held, ending);
  }

  /**
   * Records how a try ended, however long the disk is full or the database locked: what was sent is not
   * sent again as long as this process lives. False when it could not be recorded before the stop.
   */
  async #settle({ id, lease }: HeldDelivery, ending: Ending): Promise<boolean> {
    const { database, clock, onError } = this.#deps;
    for (;;) {
      try {
        const when = { at: clock.now(), moment: clock.moment() };
        return await database.write(settleDelivery, { hold: { id, lease }, ending, ...when });
      } catch (error) {
        onError("record a delivery", error);
        if (!isRetryable(error) || this.#stop.signal.aborted) return false;
        await this.#pause();
      }
    }
  }

  /** Waits `pollMs`, less when stopped. */
  async #pause(): Promise<void> {
    await wait(this.#config.pollMs, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  #tell(held: HeldDelivery, { to }: Ending): void {
    const { channel, kind } = held;
    const { metrics, watch } = this.#deps;
    if (to === "delivered") watch.onSent(held);
    if (to === "delivered") metrics.sent(channel, kind, "sent");
    if (to === "waiting") metrics.sent(channel, kind, "failed");
    if (to === "dead") metrics.sent(channel, kind, "dead");
  }
}

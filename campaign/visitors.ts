import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "./random.ts";

/** Where and how visitors press. */
export interface VisitorsConfig {
  readonly port: number;
  readonly token: string;
  /** How many press side by side, each when its press before has been answered. */
  readonly count: number;
  /** Pause of a visitor between two presses, ms. */
  readonly pauseMs: number;
  /** Photos that come along with some of the presses. */
  readonly photos: readonly Uint8Array[];
}

/** What the visitors were told. */
export interface Told {
  /** Idempotency-Key -> the visit that its 202 named. */
  readonly keyed: ReadonlyMap<string, string>;
  /** Visits of presses without a key that were answered with 202. */
  readonly unkeyed: readonly string[];
  /** Presses without a key of which nobody knows what became: connection broken, or an error of the server. */
  readonly unknown: number;
  /** Answers but 202, by status; `0` for a broken connection. */
  readonly others: Readonly<Record<string, number>>;
  /** Keys that were answered with two different visits. */
  readonly contradictions: readonly string[];
  /** From the first answer that failed to come to the next 202 of the same visitor, ms, at most. */
  readonly longestOutageMs: number;
}

/** People at the door who do not give up: a press is repeated under its key until it is answered with 202. */
export interface Visitors {
  told(): Told;
  /** Each brings the press at hand to its end; then nobody presses any more. */
  leave(): Promise<void>;
}

/** One press in seven brings no key, as a simple button does; it is not repeated. */
const UNKEYED_SHARE = 1 / 7;
/** One in five brings its own photo. */
const PHOTO_SHARE = 1 / 5;
const RETRY_PAUSE_MS = 100;
const ANSWER_WITHIN_MS = 20_000;

/** Lets them begin. */
export function startVisitors(config: VisitorsConfig, random: Random): Visitors {
  const keyed = new Map<string, string>();
  const unkeyed: string[] = [];
  const others: Record<string, number> = {};
  const contradictions: string[] = [];
  let unknown = 0;
  let longestOutageMs = 0;
  let leaving = false;

  async function visitor(): Promise<void> {
    while (!leaving) {
      const photo = random.next() < PHOTO_SHARE ? random.pick(config.photos) : undefined;
      if (random.next() < UNKEYED_SHARE) await pressOnce(photo);
      else await pressUntilHeard(photo);
      await wait(config.pauseMs);
    }
  }

  async function pressOnce(photo: Uint8Array | undefined): Promise<void> {
    const visitId = await answer(photo);
    if (visitId) unkeyed.push(visitId);
    else unknown += 1;
  }

  async function pressUntilHeard(photo: Uint8Array | undefined): Promise<void> {
    const key = randomUUID();
    let failedAt: number | undefined;
    let visitId = await answer(photo, key);
    while (!visitId) {
      failedAt ??= performance.now();
      await wait(RETRY_PAUSE_MS);
      visitId = await answer(photo, key);
    }
    if (failedAt !== undefined) longestOutageMs = Math.max(longestOutageMs, performance.now() - failedAt);
    keyed.set(key, visitId);
    // An answer that was lost on its way is asked for again by the sender of a real button, too.
    if (random.next() < 0.05) await pressAgain(photo, key, visitId);
  }

  async function pressAgain(photo: Uint8Array | undefined, key: string, first: string): Promise<void> {
    const again = await answer(photo, key);
    if (again && again !== first) contradictions.push(key);
  }

  /** The visit that a 202 names; undefined for everything else. */
  async function answer(photo: Uint8Array | undefined, key?: string): Promise<string | undefined> {
    const { status, visitId } = await press(config, photo, key);
    if (status !== 202) others[status] = (others[status] ?? 0) + 1;
    return visitId;
  }

  const all = Promise.all(Array.from({ length: config.count }, visitor));
  return {
    told: () => ({ keyed, unkeyed, unknown, others, contradictions, longestOutageMs }),
    async leave() {
      leaving = true;
      await all;
    },
  };
}

/** One press over a connection of its own; status 0 when it broke, or nothing came in time. */
function press(
  { port, token }: VisitorsConfig,
  photo: Uint8Array | undefined,
  key: string | undefined,
): Promise<{ status: number; visitId?: string }> {
  const body = photo ?? "{}";
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": photo ? "image/jpeg" : "application/json",
    "content-length": Buffer.byteLength(body),
    ...(key !== undefined && { "idempotency-key": `"${key}"` }),
  };
  const options = { port, host: "127.0.0.1", path: "/api/doors/front/press", method: "POST", headers };
  return new Promise((resolve) => {
    const broken = (): void => resolve({ status: 0 });
    const sent = request({ ...options, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", broken);
      response.on("close", broken);
      response.on("end", () => {
        const status = response.statusCode!;
        if (status !== 202) return resolve({ status });
        const { visitId } = JSON.parse(Buffer.concat(chunks).toString()) as { visitId: string };
        resolve({ status, visitId });
      });
    });
    sent.on("error", broken);
    sent.on("timeout", () => sent.destroy());
    sent.end(body);
  });
}

import { resolve } from "node:path";
import { systemClock } from "../lib/clock.ts";
import { openSqlite } from "../storage/sqlite/sqlite-database.ts";
import type { Channel } from "./channel.ts";
import { webhookChannel, webhookSettings } from "./channels/webhook.ts";
import { Dispatcher, type DispatchSettings } from "./dispatcher.ts";
import { exampleMessage } from "./message.fixtures.ts";
import type { DeliveryWatch } from "./try-delivery.ts";

/** Limits that stand in no test's way. */
export const patientSettings: DispatchSettings = {
  perMinute: 1_000,
  perHour: 10_000,
  urgentPasses: true,
  staleAfterMs: 6 * 3_600_000,
  atOncePerChannel: 1,
  timeoutMs: 60_000,
  maxTries: 1_000,
  retry: { firstMs: 1_000, maxMs: 1_800_000 },
};

/** Sees nothing. */
const blindWatch: DeliveryWatch = {
  inTrace: (_, work) => work(),
  onSent: () => {},
  onFailed: () => {},
};

/** What the process below is told, as JSON in its first argument. */
export interface ProcessOrder {
  /** The database file. */
  readonly path: string;
  /** Where its channel `phone` posts to. */
  readonly url: string;
  readonly recognisesRepeats: boolean;
}

/** A whole process that does nothing but deliver, to be killed in. Ends in order on SIGTERM. */
async function main({ path, url, recognisesRepeats }: ProcessOrder): Promise<void> {
  const clock = systemClock();
  const database = openSqlite({ path, writer: "inline" });
  const settings = webhookSettings.parse({ kind: "webhook", url, secret: "env:X" });
  const channel: Channel = {
    ...webhookChannel("phone", settings, { clock, resolveSecret: async () => "secret" }),
    recognisesRepeats,
  };
  const dispatcher = new Dispatcher(
    { lane: "blue", holder: "ops", settings: () => patientSettings, pollMs: 1_000, stopGraceMs: 5_000 },
    {
      database,
      clock,
      channels: [channel],
      render: async ({ id }) => exampleMessage({ id }),
      metrics: { sent: () => {} },
      watch: blindWatch,
      onError: (doing, error) => console.error(doing, error),
    },
  );
  process.once("SIGTERM", () => void dispatcher.stop().then(() => database.close()));
  await dispatcher.start();
}

if (process.argv[1] === resolve(import.meta.filename))
  await main(JSON.parse(process.argv[2]!) as ProcessOrder);

import { z } from "zod";
import { cameraSettings } from "../doorbell/hardware/cameras/settings.ts";
import { pipelineSettings } from "../doorbell/pipeline/settings.ts";
import { recognitionSettings } from "../doorbell/recognition/settings.ts";
import { httpSettings } from "../http/settings.ts";
import { live, restart } from "../lib/settings.ts";
import { loggingSettings } from "../monitoring/logging/settings.ts";
import { metricsSettings } from "../monitoring/metrics/settings.ts";
import { tracingSettings } from "../monitoring/tracing/settings.ts";
import { notificationSettings } from "../notifications/settings.ts";
import { keySettings } from "../storage/keys.ts";
import { PROFILES } from "./source.ts";

const slug = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: "must be small letters and digits, parted by single hyphens" });

/** Where the house is and what it speaks. */
const siteSettings = z.strictObject({
  name: live(z.string().min(1).max(100).default("Home")).describe("What messages and pages call the house."),
  timeZone: restart(z.string().refine(isTimeZone, zoneError()).default("UTC")).describe(
    "The house's IANA time zone, for quiet hours and the times in messages.",
  ),
  locale: live(z.enum(["en", "de"]).default("en")).describe("The language of messages."),
});

/** One light or display at a door; the log is the only driver so far. */
const indicatorSettings = z.strictObject({
  driver: z.literal("log").describe("`log` writes each state to the log."),
});

/** One door with a button. */
const doorSettings = z.strictObject({
  id: restart(slug).describe("Names the door in addresses, metrics and records; never to be changed."),
  name: live(z.string().min(1).max(100)).describe("What messages and pages call the door."),
  debounceMs: live(z.int().min(0).max(600_000).default(5_000)).describe(
    "Presses this soon after another are the same press.",
  ),
  camera: restart(cameraSettings).describe("The camera that looks at who stands there."),
  indicators: restart(z.array(indicatorSettings).default([{ driver: "log" }])).describe(
    "What shows at the door that a press was heard.",
  ),
});

/** Everything an operator may set, section by section. */
const sections = z.strictObject({
  profile: restart(z.enum(PROFILES).default("production")).describe(
    "How much the system insists on: demonstration and development allow what production refuses.",
  ),
  dataDir: restart(z.string().min(1).default("./data")).describe(
    "The folder of records, captures and sockets.",
  ),
  site: siteSettings.prefault({}),
  doors: z
    .array(doorSettings)
    .min(1)
    .superRefine(eachOnce, { when: () => true })
    .describe("Every door with a button."),
  // One line for each slice, its schema taken from beside its concept.
  pipeline: pipelineSettings,
  recognition: restart(recognitionSettings.prefault({})),
  keys: keySettings,
  notifications: notificationSettings,
  http: httpSettings,
  metrics: metricsSettings,
  logging: loggingSettings,
  tracing: tracingSettings,
});

/** The same, and what sections ask of each other. */
export const configSchema = sections.superRefine(({ profile, http }, context) => {
  const exposed = !LOOPBACK.test(http.host) && !http.insecure;
  if (profile === "demonstration" || !exposed) return;
  context.addIssue({
    code: "custom",
    path: ["http", "host"],
    message:
      "would carry passwords over the network in the clear; keep it at 127.0.0.1 behind a proxy that speaks TLS, or set http.insecure to true and know why",
  });
});

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** A whole configuration, read and valid. */
export type DoorbellConfig = z.output<typeof configSchema>;

/** Looked at even when something else is wrong with the doors: hence `unknown`. */
function eachOnce(doors: unknown, context: z.core.$RefinementCtx): void {
  if (!Array.isArray(doors)) return;
  const ids = doors.map((door: { id?: unknown } | null) => door?.id);
  for (const [index, id] of ids.entries()) {
    const first = ids.indexOf(id);
    if (id === undefined || first === index) continue;
    context.addIssue({
      code: "custom",
      path: [index, "id"],
      message: `must not be the id of doors[${first}] again`,
    });
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

function zoneError() {
  return {
    error: "must be an IANA time zone, such as Europe/Berlin",
    params: { candidates: Intl.supportedValuesOf("timeZone") },
  };
}

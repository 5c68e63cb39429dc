import { z } from "zod";
import { timeOfDay, windowSchema } from "../calendar/window.ts";
import { live, restart } from "../lib/settings.ts";
import { emailSettings } from "./channels/email.ts";
import { logSettings } from "./channels/log.ts";
import { webhookSettings } from "./channels/webhook.ts";
import { ruleSchema } from "./rules.ts";

const HOUR_MS = 3_600_000;

const channelSettings = z.discriminatedUnion("kind", [webhookSettings, emailSettings, logSettings]);

const retry = z.strictObject({
  firstMs: z
    .int()
    .min(1)
    .default(2_000)
    .describe("Wait after the first failure, in milliseconds; it doubles."),
  maxMs: z.int().min(1).default(1_800_000).describe("Longest wait, in milliseconds."),
});

const selfTest = z.strictObject({
  enabled: z.boolean().default(true).describe("Sends a test through every channel each day."),
  at: timeOfDay.default("10:00").describe("Earliest time of the day, `HH:MM`, by the household's clock."),
  spreadMinutes: z
    .int()
    .min(0)
    .max(600)
    .default(60)
    .describe("Each channel has its own minute within so many after that, always the same."),
  silentAfterMs: z
    .int()
    .min(25 * HOUR_MS)
    .default(26 * HOUR_MS)
    .describe("A channel that has delivered nothing for so long counts as silent, in milliseconds."),
});

/** Who is told what, over which ways, how often. */
export const notificationSettings = z
  .strictObject({
    channels: restart(
      z
        .record(
          z
            .string()
            .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: "must be small letters, digits and hyphens" }),
          channelSettings,
        )
        .default({ log: { kind: "log" } }),
    ).describe("The ways to reach somebody, each under a name of yours."),
    rules: live(z.array(ruleSchema).default([])).describe(
      "Who is told of which visits, in order. Without any, every channel is told of everybody but known people.",
    ),
    quietHours: live(z.array(windowSchema).default([])).describe(
      "When only urgent messages go out; the others are not made up for later.",
    ),
    urgentPasses: live(z.boolean().default(true)).describe(
      "Whether urgent messages pass the quiet hours and the limits below.",
    ),
    perMinute: live(z.int().min(1).max(1_000).default(10)).describe(
      "How many messages a channel gets within any minute; more wait.",
    ),
    perHour: live(z.int().min(1).max(10_000).default(100)).describe(
      "How many messages a channel gets within any hour; more wait.",
    ),
    staleAfterMs: live(
      z
        .int()
        .min(60_000)
        .default(6 * HOUR_MS),
    ).describe("What has waited so long and is not urgent is not sent any more, in milliseconds."),
    atOncePerChannel: live(z.int().min(1).max(20).default(1)).describe(
      "How many messages one channel gets at the same time; with 1 they arrive in their order.",
    ),
    timeoutMs: live(z.int().min(100).max(120_000).default(10_000)).describe(
      "How long a receiver may take for one message, in milliseconds.",
    ),
    maxTries: live(z.int().min(1).max(1_000).default(80)).describe(
      "After so many failed tries a message goes to the dead letters; with the waits below that is about a day.",
    ),
    retry: live(retry.prefault({})).describe("Waits between the tries of a message."),
    selfTest: live(selfTest.prefault({})).describe("The daily proof that each channel works."),
    acknowledgeLinkMs: live(
      z
        .int()
        .min(60_000)
        .default(7 * 24 * HOUR_MS),
    ).describe("How long the link in a message acknowledges its visit, in milliseconds."),
  })
  .superRefine(({ channels, rules }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path: ["rules", ...path], message });
    const names = rules.map(({ name }) => name);
    for (const [index, rule] of rules.entries()) {
      const first = names.indexOf(rule.name);
      if (first < index) issue([index, "name"], `must not be the name of rules[${first}] again`);
      for (const [place, channel] of (rule.channels ?? []).entries()) {
        if (!Object.hasOwn(channels, channel)) {
          issue([index, "channels", place], `names no channel: ${Object.keys(channels).join(", ")}`);
        }
      }
    }
  })
  .prefault({});

/** Parsed `notificationSettings`. */
export type NotificationSettings = z.infer<typeof notificationSettings>;
/** Parsed `selfTest`. */
export type SelfTestSettings = z.infer<typeof selfTest>;
/** Parsed `channelSettings`: told apart by `kind`. */
export type ChannelSettings = z.infer<typeof channelSettings>;

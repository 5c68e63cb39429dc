import { z } from "zod";
import { inWindow, windowSchema } from "../calendar/window.ts";
import type { Outcome } from "../storage/schema.ts";

const OUTCOMES = ["known", "unknown", "watchlisted", "no_face", "no_frame"] as const satisfies Outcome[];

const conditions = z.strictObject({
  outcome: z.array(z.enum(OUTCOMES)).min(1).optional().describe("How the visit ended; any where absent."),
  person: z
    .array(z.union([z.literal("watchlisted"), z.uuid()]))
    .min(1)
    .optional()
    .describe("Ids of people, or `watchlisted` for everyone on the watchlist; anybody where absent."),
  door: z.array(z.string()).min(1).optional().describe("Ids of doors; any where absent."),
  time: windowSchema.optional().describe("When, by the household's clock; always where absent."),
});

/** One line of the household's rules. */
export const ruleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .describe("Unique; lower-case letters, digits and `-`. Stands in the record of each delivery."),
  when: conditions.prefault({}).describe("All of these must hold; a rule without any always matches."),
  channels: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Which channels it speaks of; every configured one where absent."),
  urgent: z.boolean().default(false).describe("Marks the message urgent. See `urgentPasses`."),
  mute: z
    .boolean()
    .default(false)
    .describe("Closes its channels to every rule after it, instead of telling."),
  stop: z.boolean().default(false).describe("When it matches, no rule after it is looked at."),
});

/** Parsed `ruleSchema`. */
export type Rule = z.infer<typeof ruleSchema>;

/** What the rules look at. */
export interface RuledVisit {
  readonly outcome: Outcome;
  readonly personId: string | null;
  readonly doorId: string;
  /** When the bell was rung, ms since the epoch. */
  readonly at: number;
  readonly synthetic: boolean;
}

/** What the household has configured. */
export interface Policy {
  /** In order; `DEFAULT_RULES` where empty. */
  readonly rules: readonly Rule[];
  /** Windows in which only urgent messages go out, if any do. */
  readonly quietHours: readonly z.infer<typeof windowSchema>[];
  /** Whether urgent messages go out in quiet hours. */
  readonly urgentPasses: boolean;
  /** Names of the configured channels. */
  readonly channels: readonly string[];
  /** IANA zone of the household. */
  readonly timeZone: string;
}

/** One message that is to be sent. At most one a channel. */
export interface PlannedDelivery {
  /** The first rule that asked for it. */
  readonly rule: string;
  readonly channel: string;
  readonly urgent: boolean;
}

/** Without rules: everybody is told of everything but known people, urgently of the watchlist. */
export const DEFAULT_RULES: readonly Rule[] = z.array(ruleSchema).parse([
  { name: "default-watchlist", when: { outcome: ["watchlisted"] }, urgent: true },
  { name: "default", when: { outcome: ["unknown", "no_face", "no_frame"] } },
]);

/**
 * Who is told of a visit. The rules are looked at in order and all that match apply: a channel is told once,
 * urgently if one of them says so; a muting rule closes its channels to those after it. Synthetic visits
 * tell nobody.
 */
export function deliveriesFor(visit: RuledVisit, policy: Policy): PlannedDelivery[] {
  if (visit.synthetic) return [];
  const decided = new Map<string, PlannedDelivery>();
  const closed = new Set<string>();
  for (const rule of matching(visit, policy)) {
    for (const channel of rule.channels ?? policy.channels) {
      const before = decided.get(channel);
      if (rule.mute) closed.add(channel);
      else if (!closed.has(channel)) {
        decided.set(channel, {
          rule: before?.rule ?? rule.name,
          channel,
          urgent: rule.urgent || (before?.urgent ?? false),
        });
      }
    }
  }
  const quiet = policy.quietHours.some((window) => inWindow(window, visit.at, policy.timeZone));
  return [...decided.values()].filter(({ urgent }) => !quiet || (urgent && policy.urgentPasses));
}

/** The rules that apply, up to the first that stops. */
function matching(visit: RuledVisit, { rules, timeZone }: Policy): Rule[] {
  const all = rules.length > 0 ? rules : DEFAULT_RULES;
  const apply = all.filter(({ when }) => matches(when, visit, timeZone));
  const last = apply.findIndex(({ stop }) => stop);
  return last < 0 ? apply : apply.slice(0, last + 1);
}

function matches(when: Rule["when"], visit: RuledVisit, timeZone: string): boolean {
  return (
    (when.outcome?.includes(visit.outcome) ?? true) &&
    (when.person?.some((who) => isPerson(who, visit)) ?? true) &&
    (when.door?.includes(visit.doorId) ?? true) &&
    (when.time === undefined || inWindow(when.time, visit.at, timeZone))
  );
}

function isPerson(who: string, visit: RuledVisit): boolean {
  return who === "watchlisted" ? visit.outcome === "watchlisted" : who === visit.personId;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inWindow, windowSchema } from "../calendar/window.ts";
import {
  deliveriesFor,
  type PlannedDelivery,
  type Policy,
  type Rule,
  type RuledVisit,
  ruleSchema,
} from "./rules.ts";

const ANNA = "0197a000-0000-7000-8000-00000000000a";
const NOON = Date.parse("2026-01-05T11:00:00Z"); // Monday 12:00 in Berlin
const visit: RuledVisit = { outcome: "unknown", personId: null, doorId: "front", at: NOON, synthetic: false };
const quietPolicy: Policy = {
  rules: [],
  quietHours: [],
  urgentPasses: true,
  channels: ["phone", "mail"],
  timeZone: "Europe/Berlin",
};
const rule = (input: object): Rule => ruleSchema.parse({ name: "r", ...input });
const decide = (
  rules: object[],
  change: Partial<RuledVisit> = {},
  policy: Partial<Policy> = {},
): PlannedDelivery[] =>
  deliveriesFor({ ...visit, ...change }, { ...quietPolicy, ...policy, rules: rules.map(rule) });

describe("without rules", () => {
  it("tells every channel of everything but known people", () => {
    for (const outcome of ["unknown", "no_face", "no_frame"] as const) {
      expect(decide([], { outcome })).toEqual([
        { rule: "default", channel: "phone", urgent: false },
        { rule: "default", channel: "mail", urgent: false },
      ]);
    }
    expect(decide([], { outcome: "known", personId: ANNA })).toEqual([]);
  });

  it("tells of the watchlist urgently, and of a synthetic visitor nobody", () => {
    expect(decide([], { outcome: "watchlisted", personId: ANNA })).toEqual([
      { rule: "default-watchlist", channel: "phone", urgent: true },
      { rule: "default-watchlist", channel: "mail", urgent: true },
    ]);
    expect(decide([], { outcome: "watchlisted", synthetic: true })).toEqual([]);
  });
});

describe("conditions", () => {
  it("asks for outcome, person, door and time together", () => {
    const when = {
      outcome: ["known"],
      person: [ANNA],
      door: ["front"],
      time: { days: ["mon"], from: "12:00", to: "13:00" },
    };
    const fits: Partial<RuledVisit> = { outcome: "known", personId: ANNA };
    expect(decide([{ when }], fits)).toHaveLength(2);
    expect(decide([{ when }], { ...fits, outcome: "watchlisted" })).toEqual([]);
    expect(decide([{ when }], { ...fits, personId: null })).toEqual([]);
    expect(decide([{ when }], { ...fits, doorId: "back" })).toEqual([]);
    expect(decide([{ when }], { ...fits, at: NOON - 1 })).toEqual([]);
  });

  it("takes `watchlisted` for whoever is on the watchlist", () => {
    const rules = [{ when: { person: ["watchlisted"] } }];
    expect(decide(rules, { outcome: "watchlisted", personId: ANNA })).toHaveLength(2);
    expect(decide(rules, { outcome: "known", personId: ANNA })).toEqual([]);
  });
});

describe("several rules", () => {
  it("tells a channel once, for the first rule that asks, urgently if any does", () => {
    expect(
      decide([
        { name: "a", channels: ["phone"] },
        { name: "b", urgent: true },
      ]),
    ).toEqual([
      { rule: "a", channel: "phone", urgent: true },
      { rule: "b", channel: "mail", urgent: true },
    ]);
  });

  it("looks no further than a rule that stops", () => {
    expect(decide([{ name: "a", channels: ["phone"], stop: true }, { name: "b" }])).toEqual([
      { rule: "a", channel: "phone", urgent: false },
    ]);
    expect(decide([{ name: "a", when: { door: ["back"] }, stop: true }, { name: "b" }])).toHaveLength(2);
  });

  it("closes a muted channel to the rules after it, not to those before", () => {
    const mute = { name: "mute", channels: ["phone"], mute: true };
    expect(decide([mute, { name: "b" }])).toEqual([{ rule: "b", channel: "mail", urgent: false }]);
    expect(decide([{ name: "a" }, mute])).toHaveLength(2);
    expect(decide([{ name: "a" }, mute, { name: "b", urgent: true }])).toEqual([
      { rule: "a", channel: "phone", urgent: false },
      { rule: "a", channel: "mail", urgent: true },
    ]);
  });
});

describe("quiet hours", () => {
  const quietHours = [windowSchema.parse({ from: "11:30", to: "12:30" })];

  it("let only urgent messages pass", () => {
    const rules = [{ name: "a" }, { name: "b", channels: ["mail"], urgent: true }];
    expect(decide(rules, {}, { quietHours })).toEqual([{ rule: "a", channel: "mail", urgent: true }]);
    expect(decide(rules, { at: NOON + 1_800_000 }, { quietHours })).toHaveLength(2);
  });

  it("let nothing pass where urgency is told not to", () => {
    expect(decide([{ urgent: true }], {}, { quietHours, urgentPasses: false })).toEqual([]);
  });
});

const channel = fc.constantFrom("phone", "mail", "log");
const outcome = fc.constantFrom("known", "unknown", "watchlisted", "no_face", "no_frame" as const);
const anyWindow = fc.constantFrom(
  { from: "22:00", to: "07:00" },
  { from: "08:00", to: "12:00" },
  { days: ["sat", "sun"] },
  { from: "02:00", to: "03:00" },
);
const anyRule = fc.record(
  {
    when: fc.record(
      {
        outcome: fc.uniqueArray(outcome, { minLength: 1 }),
        person: fc.constantFrom([ANNA], ["watchlisted"]),
        door: fc.constantFrom(["front"], ["back", "garden"]),
        time: anyWindow,
      },
      { requiredKeys: [] },
    ),
    channels: fc.uniqueArray(channel, { minLength: 1 }),
    urgent: fc.boolean(),
    mute: fc.boolean(),
    stop: fc.boolean(),
  },
  { requiredKeys: [] },
);
const anyPolicy = fc.record({
  rules: fc
    .array(anyRule, { minLength: 1, maxLength: 6 })
    .map((rules) => rules.map((r, i) => rule({ ...r, name: `r${i}` }))),
  quietHours: fc
    .array(anyWindow, { maxLength: 2 })
    .map((windows) => windows.map((w) => windowSchema.parse(w))),
  urgentPasses: fc.boolean(),
  channels: fc.constant(["phone", "mail", "log"]),
  timeZone: fc.constantFrom("Europe/Berlin", "America/New_York", "UTC"),
});
const anyVisit: fc.Arbitrary<RuledVisit> = fc.record({
  outcome,
  personId: fc.constantFrom(ANNA, null),
  doorId: fc.constantFrom("front", "back"),
  at: fc.integer({ min: Date.parse("2026-01-01T00:00:00Z"), max: Date.parse("2027-01-01T00:00:00Z") }),
  synthetic: fc.constant(false),
});

/** The same, told channel by channel instead of rule by rule. */
function model(seen: RuledVisit, policy: Policy): PlannedDelivery[] {
  const quiet = policy.quietHours.some((window) => inWindow(window, seen.at, policy.timeZone));
  const fitting = policy.rules.filter(({ when }) => fits(when, seen, policy.timeZone));
  return policy.channels.flatMap((name) => {
    const speak = speakers(fitting, name);
    const urgent = speak.some((each) => each.urgent);
    if (speak.length === 0 || (quiet && !(urgent && policy.urgentPasses))) return [];
    return [{ rule: speak[0]!.name, channel: name, urgent }];
  });
}

function fits(when: Rule["when"], seen: RuledVisit, zone: string): boolean {
  if (when.outcome && !when.outcome.includes(seen.outcome)) return false;
  if (when.door && !when.door.includes(seen.doorId)) return false;
  if (when.time && !inWindow(when.time, seen.at, zone)) return false;
  if (!when.person) return true;
  return when.person[0] === "watchlisted" ? seen.outcome === "watchlisted" : when.person[0] === seen.personId;
}

function speakers(fitting: Rule[], name: string): Rule[] {
  const speak: Rule[] = [];
  for (const each of fitting) {
    const meant = each.channels?.includes(name) ?? true;
    if (meant && each.mute) break;
    if (meant) speak.push(each);
    if (each.stop) break;
  }
  return speak;
}

const sorted = (decisions: PlannedDelivery[]): PlannedDelivery[] =>
  decisions.toSorted((a, b) => (a.channel < b.channel ? -1 : 1));

describe("any rules", () => {
  it("decide as a model that asks each channel by itself", () => {
    fc.assert(
      fc.property(anyVisit, anyPolicy, (seen, policy) => {
        expect(sorted(deliveriesFor(seen, policy))).toEqual(sorted(model(seen, policy)));
      }),
      { numRuns: 1000 },
    );
  });

  it("never tell of a synthetic visit", () => {
    fc.assert(
      fc.property(anyVisit, anyPolicy, (seen, policy) => {
        expect(deliveriesFor({ ...seen, synthetic: true }, policy)).toEqual([]);
      }),
    );
  });

  it("are not changed by a rule that does not match, wherever it stands", () => {
    const stranger = rule({ name: "stranger", when: { door: ["cellar"] }, mute: true, stop: true });
    fc.assert(
      fc.property(anyVisit, anyPolicy, fc.nat(6), (seen, policy, place) => {
        const rules = policy.rules.toSpliced(place, 0, stranger);
        expect(deliveriesFor(seen, { ...policy, rules })).toEqual(deliveriesFor(seen, policy));
      }),
    );
  });
});

import { expect, it } from "vitest";
import { z } from "zod";
import { notificationSettings } from "./settings.ts";

/** JSON Schema as far as it is looked at here. */
interface Node {
  readonly description?: string;
  readonly reload?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

const outline = z.toJSONSchema(notificationSettings, { io: "input", unrepresentable: "any" }) as Node;

/** Every named key with its path. */
function* keys(node: Node, path = ""): Generator<readonly [string, Node]> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    yield [`${path}.${name}`, child];
    yield* keys(child, `${path}.${name}`);
  }
  const below = [node.items, node.additionalProperties, ...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  for (const child of below) if (typeof child === "object") yield* keys(child, `${path}[]`);
}

it("says of every key what it means, and of every first one whether a change needs a restart", () => {
  const all = [...keys(outline)];
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([]);
  expect(Object.entries(outline.properties!).filter(([, { reload }]) => !reload)).toEqual([]);
});

it("has a log channel and no rule of its own when nothing is said", () => {
  expect(notificationSettings.parse(undefined)).toMatchObject({
    channels: { log: { kind: "log" } },
    rules: [],
    perMinute: 10,
    perHour: 100,
    selfTest: { enabled: true, at: "10:00" },
  });
});

it("takes rules over channels that are there", () => {
  const { rules } = notificationSettings.parse({
    channels: {
      phone: { kind: "webhook", url: "https://example.org/hook", secret: "env:HOOK" },
      family: {
        kind: "email",
        host: "mail.example.org",
        user: "bell",
        password: "file:/run/secrets/mail",
        from: "bell@example.org",
        to: ["a@example.org"],
      },
    },
    rules: [
      { name: "night", when: { time: { from: "22:00", to: "07:00" } }, channels: ["phone"], urgent: true },
    ],
  });
  expect(rules).toMatchObject([{ name: "night", mute: false, stop: false }]);
});

it("refuses two rules of one name, and a rule over a channel that is not there", () => {
  const result = notificationSettings.safeParse({
    rules: [{ name: "a" }, { name: "a", channels: ["log", "phone", "constructor"] }],
  });
  expect(result.error?.issues.map(({ path, message }) => [path.join("."), message])).toEqual([
    ["rules.1.name", "must not be the name of rules[0] again"],
    ["rules.1.channels.1", "names no channel: log"],
    ["rules.1.channels.2", "names no channel: log"],
  ]);
});

it.each([
  ["an unknown kind", { channels: { x: { kind: "pigeon" } } }],
  [
    "a secret in the clear",
    { channels: { x: { kind: "webhook", url: "https://e.org", secret: "hunter2" } } },
  ],
  ["a key nobody knows", { perSecond: 1 }],
  ["a channel's name with a space", { channels: { "my phone": { kind: "log" } } }],
  ["an unknown outcome", { rules: [{ name: "a", when: { outcome: ["ghost"] } }] }],
  ["a person by name", { rules: [{ name: "a", when: { person: ["Anna"] } }] }],
])("refuses %s", (_, settings) => {
  expect(notificationSettings.safeParse(settings).success).toBe(false);
});

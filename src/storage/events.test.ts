import fc from "fast-check";
import { expect, it } from "vitest";
import { callInChild } from "../testing/child.ts";
import { type TestStore, testStore } from "../testing/database.ts";
import {
  appendEvent,
  type DomainEvent,
  EVENT_PAGE,
  followEvents,
  lastSequence,
  readEvents,
  type SequencedEvent,
} from "./events.ts";

const fixture = new URL("./events.fixture.ts", import.meta.url);

const append = ({ database }: TestStore, ...events: DomainEvent[]) =>
  Promise.all(
    events.map((event) =>
      database.write({ name: "event.append", run: (tx) => appendEvent(tx, event) }, undefined),
    ),
  );
const event = (kind: string, subject = "s"): DomainEvent => ({ kind, subject, at: 5 });
const manyOf = (kind: string, count: number): DomainEvent[] =>
  Array.from({ length: count }, (_, at) => event(kind, `${at}`));

/** Follows until so many have come, then stops. */
async function take(
  { database }: TestStore,
  count: number,
  follow: { after?: number; prefix?: string } = {},
): Promise<SequencedEvent[]> {
  const over = new AbortController();
  const taken: SequencedEvent[] = [];
  for await (const one of followEvents(database, { after: 0, ...follow, signal: over.signal })) {
    taken.push(one);
    if (taken.length === count) over.abort();
  }
  return taken;
}

it("gives back what was appended, with its place and the version of its payload", async () => {
  await using store = await testStore();
  await append(
    store,
    { ...event("visit.accepted", "v1"), payload: { door: "front" } },
    event("visit.decided"),
  );
  await append(store, { ...event("visit.done"), payload: { v: 2, a: [1] } });
  expect(await take(store, 3)).toEqual([
    { seq: 1, at: 5, kind: "visit.accepted", subject: "v1", payload: { v: 1, door: "front" } },
    { seq: 2, at: 5, kind: "visit.decided", subject: "s", payload: { v: 1 } },
    { seq: 3, at: 5, kind: "visit.done", subject: "s", payload: { v: 2, a: [1] } },
  ]);
});

it("is seen exactly when its act is: an act that fails leaves no event", async () => {
  await using store = await testStore();
  const failing = {
    name: "event.fail",
    async run(tx: Parameters<typeof appendEvent>[0]) {
      await appendEvent(tx, event("visit.accepted"));
      throw new Error("no");
    },
  };
  await expect(store.database.write(failing, undefined)).rejects.toThrow();
  expect(await lastSequence(store.database)).toBe(0);
});

it("knows the newest sequence, which is never used again", async () => {
  await using store = await testStore();
  expect(await lastSequence(store.database)).toBe(0);
  await append(store, ...manyOf("a", 3));
  const prune = {
    name: "event.prune",
    run: async (tx: Parameters<typeof appendEvent>[0]) => void (await tx.deleteFrom("event").execute()),
  };
  await store.database.write(prune, undefined);
  await append(store, event("a"));
  expect(await lastSequence(store.database)).toBe(4);
});

it("gives each event of two processes that write at once exactly once, in the order of commits", async () => {
  await using store = await testStore();
  const writers = ["left", "right"].map((kind) =>
    callInChild({ module: fixture, name: "appendMany", args: [store.path, kind, 200] }),
  );
  const followed = await take(store, 400);
  for (const { code } of await Promise.all(writers)) expect(code).toBe(0);
  expect(followed.map(({ seq }) => seq)).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
  for (const kind of ["left", "right"]) {
    const own = followed.filter((one) => one.kind === kind).map(({ subject }) => subject);
    expect(own).toEqual(Array.from({ length: 200 }, (_, at) => `${kind}-${at}`));
  }
});

it("resumes after the last one seen, over more than a page", async () => {
  await using store = await testStore();
  await append(store, ...manyOf("a", EVENT_PAGE * 2 + 10));
  const first = await take(store, EVENT_PAGE + 5);
  const rest = await take(store, EVENT_PAGE + 5, { after: first.at(-1)!.seq });
  expect([...first, ...rest].map(({ subject }) => Number(subject))).toEqual(
    Array.from({ length: EVENT_PAGE * 2 + 10 }, (_, at) => at),
  );
});

it("waits for what is committed later", async () => {
  await using store = await testStore();
  const later = take(store, 2);
  await append(store, event("a", "one"));
  await append(store, event("a", "two"));
  expect((await later).map(({ subject }) => subject)).toEqual(["one", "two"]);
});

it("gives only kinds that begin so, taking the prefix at its letters", async () => {
  await using store = await testStore();
  const kinds = ["visit.a", "Visit.a", "visitXa", "vi%", "vi_", "visit.", "viſit.a", "éa", "é"];
  await append(store, ...kinds.map((kind) => event(kind)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("", "v", "V", "visit.", "vi_", "vi%", "%", "_", "é", "x"),
      async (prefix) => {
        const found = await readEvents(store.database, 0, prefix);
        expect(found.map(({ kind }) => kind)).toEqual(kinds.filter((kind) => kind.startsWith(prefix)));
      },
    ),
  );
});

it("finds a rare kind behind many others, and the next one after many more", async () => {
  await using store = await testStore();
  const others = manyOf("visit.accepted", EVENT_PAGE + 20);
  const rare = take(store, 2, { prefix: "person." });
  await append(store, ...others, event("person.added", "one"));
  await append(store, ...others, event("person.added", "two"));
  expect((await rare).map(({ subject }) => subject)).toEqual(["one", "two"]);
});

it("ends when it is aborted: before it begins, while it waits, and within a page", async () => {
  await using store = await testStore();
  await append(store, ...manyOf("a", 3));
  const before = followEvents(store.database, { after: 0, signal: AbortSignal.abort() });
  expect(await before.next()).toEqual({ done: true, value: undefined });

  const over = new AbortController();
  const waiting = followEvents(store.database, { after: 3, signal: over.signal }).next();
  setImmediate(() => over.abort());
  expect(await waiting).toEqual({ done: true, value: undefined });

  expect(await take(store, 2)).toHaveLength(2);
});

it("tells its reader when the database cannot be read", async () => {
  const store = await testStore();
  await store.database.close();
  const { signal } = new AbortController();
  await expect(followEvents(store.database, { after: 0, signal }).next()).rejects.toMatchObject({
    code: "storage_failed",
  });
});

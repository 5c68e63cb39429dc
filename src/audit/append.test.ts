import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Tx } from "../storage/database.ts";
import { callInChild } from "../testing/child.ts";
import { type TestStore, testStore } from "../testing/database.ts";
import { type AuditEntry, appendAudit } from "./append.ts";

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  at: 1_700_000_000_000,
  actor: "user:u1",
  action: "person.enrol",
  subject: "person:p1",
  origin: "192.0.2.7",
  outcome: "done",
  ...more,
});

const append = ({ database }: TestStore, ...entries: AuditEntry[]) =>
  Promise.all(
    entries.map((each) =>
      database.write({ name: "audit.append", run: (tx) => appendAudit(tx, each) }, undefined),
    ),
  );

const rowsOf = ({ database }: TestStore) =>
  database.read.selectFrom("audit").selectAll().orderBy("seq").execute();

/** The chain as an outsider checks it, from the words of the documentation alone. Sequence of the first entry that does not hold. */
async function brokenAt(store: TestStore): Promise<number | undefined> {
  let previous = Buffer.alloc(32);
  for (const [at, row] of (await rowsOf(store)).entries()) {
    const fields = [row.seq, row.at, row.actor, row.action, row.subject, row.origin, row.outcome, row.detail];
    const hash = createHash("sha256").update(previous).update(JSON.stringify(fields)).digest();
    const holds = row.seq === at + 1 && previous.equals(row.previous_hash) && hash.equals(row.hash);
    if (!holds) return row.seq;
    previous = hash;
  }
  return undefined;
}

it("writes down who did what, and its detail as JSON", async () => {
  await using store = await testStore();
  await append(store, entry({ detail: { faces: 2, door: "front" } }), entry({ outcome: "refused" }));
  expect(await rowsOf(store)).toMatchObject([
    { seq: 1, ...entry(), detail: '{"faces":2,"door":"front"}' },
    { seq: 2, ...entry({ outcome: "refused" }), detail: "{}" },
  ]);
});

it("chains entries: each hash covers the entry and the one before, from 32 zero bytes on", async () => {
  await using store = await testStore();
  // Every UTF-16 unit, also halves of pairs, which no database stores as they are.
  const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
  const details = fc.dictionary(text, fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(text, text, fc.nat(), details, async (actor, subject, at, detail) => {
      await append(store, entry({ at, actor, subject, detail }));
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(await rowsOf(store)).toHaveLength(60);
  expect(await brokenAt(store)).toBeUndefined();
});

it("shows any change of a field, and an entry taken out or put in", async () => {
  await using store = await testStore();
  await append(store, ...Array.from({ length: 5 }, (_, n) => entry({ subject: `person:p${n}` })));
  const change = async (run: (tx: Tx) => Promise<unknown>, back: (tx: Tx) => Promise<unknown>) => {
    await store.database.write(
      { name: "audit.forge", run: async (tx: Tx) => void (await run(tx)) },
      undefined,
    );
    const found = await brokenAt(store);
    await store.database.write(
      { name: "audit.mend", run: async (tx: Tx) => void (await back(tx)) },
      undefined,
    );
    return found;
  };
  const third = (await rowsOf(store))[2]!;
  const set = (values: Partial<typeof third>) => (tx: Tx) =>
    tx.updateTable("audit").set(values).where("seq", "=", 3).execute();
  const forgeries: Partial<typeof third>[] = [
    { at: 1 },
    { actor: "system" },
    { action: "person.erase" },
    { subject: "person:p9" },
    { origin: "-" },
    { outcome: "refused" },
    { detail: '{"x":1}' },
    { previous_hash: new Uint8Array(32) },
    { hash: new Uint8Array(32) },
  ];
  for (const forgery of forgeries)
    expect(await change(set(forgery), set(third)), JSON.stringify(forgery)).toBe(3);
  const remove = (tx: Tx) => tx.deleteFrom("audit").where("seq", "=", 3).execute();
  const insert = (tx: Tx) => tx.insertInto("audit").values(third).execute();
  expect(await change(remove, insert)).toBe(4);
  expect(await brokenAt(store)).toBeUndefined();
});

it("is one with its act: neither exists without the other", async () => {
  await using store = await testStore();
  const act = (key: string, fails: boolean) => ({
    name: "memo.audited",
    async run(tx: Tx) {
      await tx.insertInto("memo").values({ key, value: "1" }).execute();
      await appendAudit(tx, entry({ subject: key }));
      if (fails) throw new Error("no");
    },
  });
  const acts = [act("a", false), act("b", true), act("c", false), act("a", false)];
  await Promise.allSettled(acts.map((each) => store.database.write(each, undefined)));
  const memos = await store.database.read.selectFrom("memo").select("key").execute();
  expect(memos.map(({ key }) => key)).toEqual(["a", "c"]);
  expect((await rowsOf(store)).map(({ seq, subject }) => [seq, subject])).toEqual([
    [1, "a"],
    [2, "c"],
  ]);
  expect(await brokenAt(store)).toBeUndefined();
});

it("stays one chain when two processes append at once", async () => {
  await using store = await testStore();
  const module = new URL("./append.fixture.ts", import.meta.url);
  const write = (actor: string) =>
    callInChild({ module, name: "appendMany", args: [store.path, actor, 150] });
  for (const { code } of await Promise.all([write("left"), write("right")])) expect(code).toBe(0);
  const rows = await rowsOf(store);
  expect(rows).toHaveLength(300);
  expect(rows.filter(({ actor }) => actor === "left").map(({ at }) => at)).toEqual(
    Array.from({ length: 150 }, (_, n) => n),
  );
  expect(await brokenAt(store)).toBeUndefined();
});

it("keeps the chain whole when a process dies between the entry and the commit", async () => {
  await using store = await testStore();
  const module = new URL("./append.fixture.ts", import.meta.url);
  const env = { DOORBELL_FAILPOINTS: "storage.before-commit=4" };
  const { signal } = await callInChild({ module, name: "appendMany", args: [store.path, "left", 150], env });
  expect(signal).toBe("SIGKILL");
  await append(store, entry());
  expect((await rowsOf(store)).at(-1)?.actor).toBe("user:u1");
  expect(await brokenAt(store)).toBeUndefined();
});

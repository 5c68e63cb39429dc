import fc from "fast-check";
import { expect, it } from "vitest";
import { testStore } from "../testing/database.ts";
import type { Tx } from "./database.ts";
import { readMemo, writeMemo } from "./memo.ts";

it("gives back what was written last, as JSON", async () => {
  await using store = await testStore();
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.jsonValue({ noUnicodeString: false }), async (key, value) => {
      await store.database.write(writeMemo, { key, value: "before" });
      await store.database.write(writeMemo, { key, value });
      expect(await readMemo(store.database.read, key)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 50 },
  );
});

it("has nothing under a key that was never written", async () => {
  await using store = await testStore();
  await store.database.write(writeMemo, { key: "a", value: null });
  expect(await readMemo(store.database.read, "a")).toBeNull();
  expect(await readMemo(store.database.read, "b")).toBeUndefined();
});

it("reads inside an act what the act wrote", async () => {
  await using store = await testStore();
  const act = {
    name: "memo.both",
    async run(tx: Tx) {
      await writeMemo.run(tx, { key: "a", value: { n: 1 } });
      return readMemo(tx, "a");
    },
  };
  expect(await store.database.write(act, undefined)).toEqual({ n: 1 });
});

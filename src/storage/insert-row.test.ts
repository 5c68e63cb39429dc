import { expect, it } from "vitest";
import { testStore } from "../testing/database.ts";
import type { Tx } from "./database.ts";
import { insertRow } from "./insert-row.ts";

const inAct = <T>(run: (tx: Tx) => Promise<T>) => ({ name: "row.insert", run: (tx: Tx) => run(tx) });

it("inserts each value in its own column, whatever the order in which they are given", async () => {
  await using store = await testStore();
  await store.database.write(
    inAct(async (tx) => {
      await insertRow(tx, "memo", { key: "a", value: "1" });
      await insertRow(tx, "memo", { value: "2", key: "b" });
      await insertRow(tx, "camera", { id: "c", door_id: "front", driver: "folder", active: 1 });
      await insertRow(tx, "memo", { key: "d", value: "4" });
    }),
    undefined,
  );
  const memos = await store.database.read.selectFrom("memo").selectAll().orderBy("key").execute();
  expect(memos).toEqual([
    { key: "a", value: "1" },
    { key: "b", value: "2" },
    { key: "d", value: "4" },
  ]);
  expect(await store.database.read.selectFrom("camera").selectAll().execute()).toHaveLength(1);
});

it("keeps the row that is there, or fails, as it is told", async () => {
  await using store = await testStore();
  const insert = (value: string, ifThere?: "keep") =>
    store.database.write(
      inAct((tx) => insertRow(tx, "memo", { key: "a", value }, ifThere)),
      undefined,
    );
  expect(await insert("1", "keep")).toBe(true);
  expect(await insert("2", "keep")).toBe(false);
  await expect(insert("3")).rejects.toMatchObject({ code: "storage_constraint" });
  expect(await store.database.read.selectFrom("memo").selectAll().execute()).toEqual([
    { key: "a", value: "1" },
  ]);
});

it("refuses an undefined value, also where it comes first", async () => {
  await using store = await testStore();
  const insert = (value: string) =>
    store.database.write(
      inAct((tx) => insertRow(tx, "memo", { key: "a", value })),
      undefined,
    );
  await expect(insert(undefined as unknown as string)).rejects.toThrow(
    "insert into memo: a value is undefined",
  );
  expect(await insert("1")).toBe(true);
});

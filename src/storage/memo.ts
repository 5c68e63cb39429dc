import type { Act, Database, Tx } from "./database.ts";

/** Reads a small piece of state that survives restarts; undefined when it was never written. */
export async function readMemo<T>(reader: Database["read"] | Tx, key: string): Promise<T | undefined> {
  const row = await reader.selectFrom("memo").select("value").where("key", "=", key).executeTakeFirst();
  return row && (JSON.parse(row.value) as T);
}

/** Writes it. `value` is plain JSON. */
export const writeMemo: Act<{ key: string; value: unknown }, void> = {
  name: "memo.write",
  async run(tx, { key, value }) {
    const row = { key, value: JSON.stringify(value) };
    await tx
      .insertInto("memo")
      .values(row)
      .onConflict((oc) => oc.column("key").doUpdateSet(row))
      .execute();
  },
};

import { CompiledQuery, type Insertable } from "kysely";
import type { Tx } from "./database.ts";
import type { Schema } from "./schema.ts";

/** SQL by table and columns, for each transaction handle: one for the life of a writer. */
const statements = new WeakMap<Tx, Map<string, string>>();

/**
 * Inserts one row of plain values, as `tx.insertInto(table).values(row)` does at three times the cost: there
 * the statement is built anew each time. For acts on the hot path of a press.
 *
 * @param ifThere what to do when a row with this identity is there: `fail`, or `keep` it
 * @returns false when it was kept
 */
export async function insertRow<Table extends keyof Schema>(
  tx: Tx,
  table: Table,
  row: Insertable<Schema[Table]>,
  ifThere: "fail" | "keep" = "fail",
): Promise<boolean> {
  const values = Object.values(row);
  if (values.includes(undefined)) throw new TypeError(`insert into ${table}: a value is undefined; use null`);
  const known = statements.get(tx) ?? new Map<string, string>();
  statements.set(tx, known);
  const key = `${table} ${ifThere} ${Object.keys(row)}`;
  let sql = known.get(key);
  if (sql === undefined) {
    const insert = tx.insertInto(table).values(row);
    sql = (ifThere === "keep" ? insert.onConflict((oc) => oc.doNothing()) : insert).compile().sql;
    known.set(key, sql);
  }
  const { numAffectedRows } = await tx.executeQuery(CompiledQuery.raw(sql, values));
  return numAffectedRows === 1n;
}

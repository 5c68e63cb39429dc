import { openSqlite } from "../storage/sqlite/sqlite-database.ts";
import { appendAudit } from "./append.ts";

/** Appends entries of one actor as fast as it can, some of them in one transaction. */
export async function appendMany(path: string, actor: string, count: number): Promise<void> {
  const database = openSqlite({ path, writer: "inline" });
  const append = (n: number) => {
    const entry = {
      at: n,
      actor,
      action: "visit.accept",
      subject: `visit:${n}`,
      origin: "-",
      outcome: "done" as const,
    };
    return database.write({ name: "audit.append", run: (tx) => appendAudit(tx, entry) }, undefined);
  };
  for (let n = 0; n < count; n += 3) await Promise.all([append(n), append(n + 1), append(n + 2)]);
  await database.close();
}

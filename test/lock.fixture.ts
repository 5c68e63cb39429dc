import { DatabaseSync } from "node:sqlite";

/** Another program that holds SQLite's own write lock. */
export async function lockFor(path: string, ms: number): Promise<string> {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec("begin immediate");
  console.log("locked");
  await new Promise((resolve) => setTimeout(resolve, ms));
  database.exec("rollback");
  database.close();
  return "let go";
}

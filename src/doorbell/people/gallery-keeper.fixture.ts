import { openKeyStore } from "../../storage/keys.ts";
import { openSqlite } from "../../storage/sqlite/sqlite-database.ts";
import { openGalleries } from "./gallery-keeper.ts";

/**
 * Another worker process that is asked again and again who is nearest to a face, and prints each new answer:
 * a person's id or `nobody`. Runs until it is killed.
 */
export async function askForEver(
  path: string,
  keyFolder: string,
  model: string,
  probe: readonly number[],
): Promise<void> {
  const database = openSqlite({ path, writer: "inline" });
  const keys = openKeyStore(keyFolder, new Uint8Array(32).fill(7));
  const galleries = await openGalleries(model, { database, keys, onError: console.error });
  const face = Float32Array.from(probe);
  for (let said = ""; ; ) {
    const nearest = (await galleries.nearestIn("home"))(face);
    const answer = nearest ? `${nearest.personId}${nearest.watchlisted ? " watchlisted" : ""}` : "nobody";
    if (answer !== said) console.log(answer);
    said = answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

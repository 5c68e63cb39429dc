import { openKeyStore } from "./keys.ts";

/** Asks for the keys of these visits from a given time on, so that two processes do at once. */
export async function ensureAt(folder: string, ids: readonly string[], startAt: number): Promise<string[]> {
  const store = openKeyStore(folder, new Uint8Array(32).fill(7));
  while (Date.now() < startAt);
  const keys: string[] = [];
  for (const id of ids) keys.push(Buffer.from(await store.ensure({ kind: "visit", id })).toString("hex"));
  return keys;
}

/** Asks for one key; a campaign may end it on the way. */
export async function ensureOne(folder: string, id: string): Promise<void> {
  await openKeyStore(folder, new Uint8Array(32).fill(7)).ensure({ kind: "visit", id });
}

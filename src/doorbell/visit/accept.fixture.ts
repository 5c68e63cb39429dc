import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { openKeyStore } from "../../storage/keys.ts";
import { openSqlite } from "../../storage/sqlite/sqlite-database.ts";
import { fileVault } from "../../storage/vault.ts";
import type { PressReceipt } from "../hardware/triggers/trigger.ts";
import { visitIntake } from "./accept.ts";

/** A process that takes one press with a picture in. */
export async function pressOnce(folder: string, path: string): Promise<PressReceipt> {
  const clock = systemClock();
  const database = openSqlite({ path, writer: "inline" });
  const keys = openKeyStore(join(folder, "keys"), new Uint8Array(32).fill(7));
  const intake = visitIntake(
    { lane: "blue", siteId: "home", debounceMs: () => 0, maxTries: () => 4 },
    { database, vault: fileVault(join(folder, "captures"), keys), clock, traceparent: () => "00-1-1-01" },
  );
  const frame = { bytes: Buffer.from("a picture"), mediaType: "image/jpeg", takenAt: 0 } as const;
  const moment = clock.moment();
  return intake({ doorId: "front", source: "http", at: clock.now(), moment, frame });
}

import { writeSync } from "node:fs";
import { systemClock } from "../lib/clock.ts";
import { type Migrated, migrate } from "./migrate.ts";
import { openConnection } from "./sqlite/connection.ts";

/** Migrates a database, as `doorbell` does at its start. */
export function bringUpToDate(path: string, snapshotPath: string): Migrated {
  writeSync(1, "began\n");
  const connection = openConnection(path, { readOnly: false });
  try {
    return migrate(connection, systemClock(), snapshotPath);
  } finally {
    connection.close();
  }
}

import { hkdfSync } from "node:crypto";
import type { Logger } from "pino";
import { changesBetween } from "../config/changes.ts";
import { type Config, loadConfig } from "../config/load.ts";
import { configSchema, type DoorbellConfig } from "../config/schema.ts";
import { configSource } from "../config/source.ts";
import { type Cleanup, cleanup } from "../lib/cleanup.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { makeFolder } from "../lib/files.ts";
import { createLogger } from "../monitoring/logging/logger.ts";
import type { Role } from "../monitoring/metrics/label-values.ts";
import { serveMetrics } from "../monitoring/metrics/local-endpoint.ts";
import { feedProcess, type ProcessMetrics } from "../monitoring/metrics/process.ts";
import type { Exposer, Metrics } from "../monitoring/metrics/registry.ts";
import { startTracing } from "../monitoring/tracing/tracing.ts";
import type { Database } from "../storage/database.ts";
import { type KeyStore, loadMasterKey, openKeyStore } from "../storage/keys.ts";
import { migrate } from "../storage/migrate.ts";
import { openConnection } from "../storage/sqlite/connection.ts";
import { openSqlite } from "../storage/sqlite/sqlite-database.ts";
import { fileVault, type Vault } from "../storage/vault.ts";
import { type Folders, foldersIn } from "./folders.ts";

/** The processes of a release. */
export type ProcessRole = Exclude<Role, "supervisor">;

/** Who this process is. */
export interface Identity {
  readonly role: ProcessRole;
  /** Unique within the release: `web`, `worker-1`, `ops`. */
  readonly instance: string;
  /** The release: the lane of its work. */
  readonly release: string;
}

/** Names a process among those of every release, in this life and the next: `0.1.0/worker-1`. */
export function fullName({ release, instance }: Pick<Identity, "release" | "instance">): string {
  return `${release}/${instance}`;
}

/** The metrics that every process feeds. */
export type CommonMetrics = Exposer &
  ProcessMetrics &
  Pick<Metrics<"web">, "storageCommitDurationSeconds" | "storageBusyWaitsTotal">;

/** What every process stands on. */
export interface Ground extends Identity {
  /** The configuration as it stands: read it at each use. */
  readonly settings: () => DoorbellConfig;
  readonly folders: Folders;
  readonly clock: Clock;
  readonly log: Logger;
  readonly database: Database;
  readonly keys: KeyStore;
  readonly vault: Vault;
  /** Signs the links that acknowledge without a login; 32 bytes, from the master key. */
  readonly acknowledgeKey: Uint8Array;
  readonly cleanup: Cleanup;
  /** Reads the configuration again. @returns what changed, in a sentence. @throws ConfigError: then nothing did */
  readonly reload: () => Promise<string>;
}

/** Opens it, in one straight line; `cleanup` undoes it in reverse. */
export async function openGround(identity: Identity, metrics: CommonMetrics): Promise<Ground> {
  const { role, release } = identity;
  const steps = cleanup();
  const clock = systemClock();
  const source = configSource(undefined, process.env);
  let config: Config<DoorbellConfig> = loadConfig(configSchema, source, process.env);
  const settings = (): DoorbellConfig => config.value;
  const folders = foldersIn(settings().dataDir, release);
  await makeFolder(folders.run);

  const named = { ...identity, instance: fullName(identity) };
  const log = createLogger(settings().logging, named, { folder: folders.logs, clock });
  steps.add("log", log.close);
  const tracing = await startTracing(settings().tracing, named, (message) => log.logger.warn(message));
  steps.add("tracing", tracing.shutdown);

  steps.add("process metrics", feedProcess(metrics));
  if (settings().metrics.enabled) {
    const endpoint = await serveMetrics(folders.run, named.instance, metrics);
    steps.add("metrics socket", endpoint.close);
  }

  const master = await loadMasterKey(settings().keys, folders.keys);
  const keys = openKeyStore(folders.keys, master);
  if (role === "ops") bringUpToDate(folders, clock, log.logger);
  const database = openSqlite(
    { path: folders.database, writer: new URL("./writer.ts", import.meta.url) },
    {
      onCommit: ({ durationMs, busyWaits }) => {
        metrics.storageCommitDurationSeconds.observe(durationMs / 1_000);
        if (busyWaits > 0) metrics.storageBusyWaitsTotal.inc(busyWaits);
      },
      onLost(error) {
        // A process that cannot write is of no use: its supervisor starts another.
        log.logger.fatal({ err: error }, "the writer thread has ended");
        process.exit(1);
      },
    },
  );
  steps.add("database", database.close);

  return {
    ...identity,
    settings,
    folders,
    clock,
    log: log.logger,
    database,
    keys,
    vault: fileVault(folders.captures, keys),
    acknowledgeKey: new Uint8Array(hkdfSync("sha256", master, "", "doorbell acknowledge link v1", 32)),
    cleanup: steps,
    async reload() {
      const next = loadConfig(configSchema, source, process.env);
      const changes = changesBetween(config, next);
      config = next;
      log.setLevel(settings().logging.level);
      log.logger.info({ "config.changes": changes.map(({ path }) => path) }, "configuration read again");
      const later = changes.filter(({ reload }) => reload === "restart").map(({ path }) => path);
      const now = changes.length - later.length;
      return `${now} changed${later.length > 0 ? `; after a restart: ${later.join(", ")}` : ""}`;
    },
  };
}

/** `ops` starts first and alone: no other process of this release has the database open yet. */
function bringUpToDate(folders: Folders, clock: Clock, log: Logger): void {
  const connection = openConnection(folders.database, { readOnly: false });
  try {
    const { applied, snapshot } = migrate(connection, clock, folders.snapshot);
    if (applied.length > 0)
      log.info({ "migration.names": applied, "migration.snapshot": snapshot }, "database migrated");
  } finally {
    connection.close();
  }
}

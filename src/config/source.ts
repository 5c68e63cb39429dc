import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, type FilePlace, type Problem, placeText } from "./error.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./outline.ts";
import { readYamlFile, type YamlFile } from "./yaml-file.ts";

/** The profiles that ship as folders of `config/`. */
export const PROFILES = ["demonstration", "development", "production"] as const;

/**
 * Where the configuration is: what `--config` names, else DOORBELL_CONFIG, else the shipped folder that
 * ENVIRONMENT names (default `demonstration`).
 * @throws ConfigError when ENVIRONMENT names no profile
 */
export function configSource(option: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = option || env.DOORBELL_CONFIG;
  if (named) return named;
  const profile = env.ENVIRONMENT || "demonstration";
  if ((PROFILES as readonly string[]).includes(profile)) {
    return fileURLToPath(new URL(`../../config/${profile}`, import.meta.url));
  }
  const wrong = "names no profile that ships with the doorbell";
  const allowed = PROFILES.join(", ");
  const suggestion = nearest(profile, PROFILES);
  throw new ConfigError("named by ENVIRONMENT", [
    { place: { variable: "ENVIRONMENT" }, path: "", wrong, allowed, suggestion },
  ]);
}

/** The files of a configuration, read as one. */
export interface Source {
  readonly keys: Readonly<Record<string, unknown>>;
  /** Where a key, or the value of a key, is written; for what is not written, where its section is. */
  place(path: Path, part: "key" | "value"): FilePlace;
  readonly problems: readonly Problem[];
}

/**
 * Reads one file, or the `*.yaml` and `*.yml` of a folder, which must not share a top-level key.
 * @param path a file or a folder
 * @throws ConfigError when a file cannot be read as YAML: then nothing more is known
 */
export function readSource(path: string): Source {
  const files = listFiles(path).map(readYamlFile);
  const unreadable = files.flatMap((file) => file.problems);
  if (unreadable.length > 0) throw new ConfigError(path, unreadable);
  const owners = new Map<string, YamlFile>();
  const problems: Problem[] = [];
  for (const file of files) {
    for (const key of Object.keys(file.keys)) {
      const owner = owners.get(key);
      if (owner) {
        const wrong = `stands in two files, also at ${placeText(owner.place([key], "key"))}`;
        problems.push({ place: file.place([key], "key"), path: key, wrong, allowed: "each key in one file" });
      } else owners.set(key, file);
    }
  }
  return {
    keys: Object.fromEntries([...owners].map(([key, file]) => [key, file.keys[key]])),
    place: (at, part) => owners.get(String(at[0]))?.place(at, part) ?? { file: path },
    problems,
  };
}

function listFiles(path: string): string[] {
  if (!existsSync(path))
    throw new ConfigError(path, [
      { place: { file: path }, path: "", wrong: "there is no such file or folder" },
    ]);
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new ConfigError(path, [
    { place: { file: path }, path: "", wrong: "holds no YAML file", allowed: "*.yaml" },
  ]);
}

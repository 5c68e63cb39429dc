import { parse } from "yaml";
import type { Problem } from "./error.ts";
import { nearest } from "./nearest.ts";
import { ANY_ITEM, ANY_NAME, at, entries, type Outline, outlineAt, type Path, shapes } from "./outline.ts";

/** Variables that tell a process of itself: no keys of the configuration. */
export const PROCESS_VARIABLES: Readonly<Record<string, string>> = {
  DOORBELL_CONFIG: "the file or folder of the configuration, as --config",
  DOORBELL_RELEASE: "the release that this process belongs to, set by the supervisor",
  DOORBELL_INSTANCE: "the name of this process in metrics and logs, set by the supervisor",
  DOORBELL_ROLE: "what this process is (web, worker, ops), set by the supervisor",
  DOORBELL_PAGE: "the folder of the built web page, set by `doorbell up`",
  DOORBELL_RUN_FOLDER: "the folder of the supervisor's sockets, set by the supervisor",
  DOORBELL_LISTEN_FD: "the descriptor of the socket that this process inherits, set by the supervisor",
  DOORBELL_FAILPOINTS: "places where a fault campaign ends this process",
  DOORBELL_URL: "the address of a doorbell system on another machine, for commands, as --url",
  DOORBELL_TOKEN: "the API token for that address, for commands, as --token",
};

interface Alias {
  readonly path: Path;
  readonly about: string;
  readonly read: (text: string) => unknown;
}

const LEVELS = new Map([
  ["warning", "warn"],
  ["critical", "fatal"],
]);
const ON = ["true", "1", "yes", "on"];
const OFF = ["false", "0", "no", "off"];

/** Variables with a name of their own, and the keys they set. `DOORBELL_` with the key's path wins over them. */
export const ALIASES: Readonly<Record<string, Alias>> = {
  ENVIRONMENT: {
    path: ["profile"],
    about: "the profile, and which shipped folder is read when no other is named",
    read: (text) => text,
  },
  LOG_LEVEL: {
    path: ["logging", "level"],
    about: "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    read: (text) => LEVELS.get(text.toLowerCase()) ?? text.toLowerCase(),
  },
  MONITORING_ENABLED: {
    path: ["metrics", "enabled"],
    about: "true or false",
    read: (text) => ON.includes(text.toLowerCase()) || (OFF.includes(text.toLowerCase()) ? false : text),
  },
  DOORBELL_DATA: { path: ["dataDir"], about: "the folder of the system's data", read: (text) => text },
};

/** A value that an environment variable puts over the files. */
export interface Override {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

/**
 * Reads the environment over the keys of the files. An empty variable counts as none.
 * @param keys what the files hold: list positions and free names are taken from them
 * @returns overrides, sections before the keys in them
 */
export function readVariables(
  outline: Outline,
  keys: unknown,
  env: NodeJS.ProcessEnv,
): { overrides: Override[]; problems: Problem[] } {
  const paths = variablePaths(outline, keys);
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const [variable, { path, read }] of Object.entries(ALIASES)) {
    const text = env[variable];
    if (text && outlineAt(outline, path).type) overrides.push({ variable, path, value: read(text) });
  }
  for (const [variable, text] of Object.entries(env).sort()) {
    if (!variable.startsWith("DOORBELL_") || !text || variable in PROCESS_VARIABLES || variable in ALIASES)
      continue;
    const path = paths.get(variable);
    if (path) overrides.push({ variable, path, value: readValue(outlineAt(outline, path), text) });
    else if (!isReferred(variable, [keys, env])) problems.push(unknownVariable(variable, paths.keys()));
  }
  return { overrides: overrides.sort((a, b) => a.path.length - b.path.length), problems };
}

/** The name of the variable that sets a key: `["http", "drainTimeoutMs"]` is `DOORBELL_HTTP__DRAIN_TIMEOUT_MS`. */
export function variableName(path: Path): string {
  return `DOORBELL_${path.map(upperSnake).join("__")}`;
}

function upperSnake(key: string | number): string {
  return String(key)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
}

/** Every variable that means something here. A list's items go by position and, where they have one, by id. */
function variablePaths(outline: Outline, keys: unknown): Map<string, Path> {
  const paths = new Map<string, Path>();
  for (const { path } of entries(outline, keys)) {
    if (path.includes(ANY_ITEM) || path.includes(ANY_NAME)) continue;
    for (const name of [variableName(path), variableName(idsIn(path, keys))]) {
      if (!paths.has(name)) paths.set(name, path);
    }
  }
  return paths;
}

/** The path with the id of a list's item in place of its position. */
export function idsIn(path: Path, value: unknown): Path {
  return path.map((key, depth) => {
    const id = typeof key === "number" && at(value, [...path.slice(0, depth + 1), "id"]);
    return typeof id === "string" ? id : key;
  });
}

/** Text is taken as it stands, but for quotes around it; all else is read as YAML. */
function readValue(outline: Outline, text: string): unknown {
  const quoted = /^(".*"|'.*')$/s.test(text.trim());
  const isText = shapes(outline).every(({ type }) => type === "string");
  if (isText && !quoted) return text;
  try {
    return parse(text, { stringKeys: true, resolveKnownTags: false, maxAliasCount: 0, logLevel: "error" });
  } catch {
    return text; // The schema will say that text is not allowed there.
  }
}

/** True when a secret is kept in this variable: the configuration says `env:NAME`. */
function isReferred(variable: string, texts: unknown): boolean {
  return JSON.stringify(texts).includes(JSON.stringify(`env:${variable}`));
}

function unknownVariable(variable: string, known: Iterable<string>): Problem {
  const suggestion = nearest(variable, [
    ...known,
    ...Object.keys(PROCESS_VARIABLES),
    ...Object.keys(ALIASES),
  ]);
  const allowed = "DOORBELL_ and the path of a key, with __ between its parts";
  return { place: { variable }, path: "", wrong: "is not known", allowed, suggestion };
}

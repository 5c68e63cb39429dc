import { join, resolve } from "node:path";
import type { Context } from "./command.ts";
import { type Answers, confirm } from "./confirm.ts";
import { createOutput, type Sink } from "./output.ts";

/** The options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly url?: string;
  readonly token?: string;
}

/** What the process gives to the program. */
export interface World {
  readonly stdin: Answers;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Creates the context of one command. What it needs is imported when it is asked for: most commands need half. */
export function createContext(
  options: GlobalOptions,
  { stdin, stdout, stderr, env, signal }: World,
): Context {
  const configSource = async () => (await import("../config/source.ts")).configSource(options.config, env);
  const config = once(async () => {
    const [{ loadConfig }, { configSchema }] = await Promise.all([
      import("../config/load.ts"),
      import("../config/schema.ts"),
    ]);
    return loadConfig(configSchema, await configSource(), env);
  });
  const url = options.url || env.DOORBELL_URL;
  const client = once(async () => {
    const { createClient } = await import("./client.ts");
    if (url) return createClient({ url, token: options.token || env.DOORBELL_TOKEN }, signal);
    const run = resolve((await config()).value.dataDir, "run");
    return createClient({ socket: join(run, "web.sock"), supervisor: join(run, "supervisor.sock") }, signal);
  });
  return {
    output: createOutput(options.json ?? false, stdout, stderr, env),
    env,
    signal,
    configSource,
    config,
    isRemote: Boolean(url),
    client,
    confirm: (question) => confirm(question, { stdin, stderr, signal }),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

import type { z } from "zod";
import type { Config } from "../config/load.ts";
import type { DoorbellConfig } from "../config/schema.ts";
import type { Client } from "./client.ts";
import { type ExitCode, usageError } from "./exit.ts";
import type { Output } from "./output.ts";

/** What every command works with. */
export interface Context {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal;
  /** The file or folder that the configuration is read from. @throws ConfigError */
  configSource(): Promise<string>;
  /** The configuration, read once. @throws ConfigError */
  config(): Promise<Config<DoorbellConfig>>;
  /** True when the system is at `--url`, not on this machine. */
  readonly isRemote: boolean;
  /** The running system: over its socket on this machine, or at `--url`. */
  client(): Promise<Client>;
  /** Asks a person; undefined where there is no terminal to ask on. */
  confirm(question: string): Promise<boolean | undefined>;
}

/** An argument or an option of a command. */
export interface Parameter<S extends z.ZodType = z.ZodType> {
  /** As commander writes it: `<door>`, `[file]`, `[files...]` for arguments, `-l, --limit <count>` for options. */
  readonly flags: string;
  /** What it means, for the help. */
  readonly about: string;
  /** Reads the text of the command line (`true` for an option without a value, `undefined` when left out). */
  readonly type: S;
}

/** An argument or an option of a command, read by a zod schema: `z.coerce.number()` for a number. */
export function parameter<S extends z.ZodType>(flags: string, about: string, type: S): Parameter<S> {
  return { flags, about, type };
}

type Parameters = Readonly<Record<string, Parameter>>;
type Input<P extends Parameters> = { readonly [Name in keyof P]: z.output<P[Name]["type"]> };

/** A command, its parameters read and typed. */
export interface CommandSpec<P extends Parameters> {
  /** Command lines that work as they stand, shown by `--help`; the first is the plainest. */
  readonly examples: readonly [string, ...string[]];
  /** By the name under which `run` gets them; arguments in their order. */
  readonly parameters?: P;
  /** Does it. Returns the exit code; without one it is `done`. */
  run(input: Input<P>, context: Context): Promise<ExitCode | undefined>;
}

/** A command as the program runs it, on what the command line gave. */
export interface Command {
  readonly examples: readonly string[];
  readonly parameters: Parameters;
  run(given: Readonly<Record<string, unknown>>, context: Context): Promise<ExitCode | undefined>;
}

/** Makes the one export of a command's file. */
export function defineCommand<P extends Parameters = Record<never, never>>(spec: CommandSpec<P>): Command {
  const parameters: Parameters = spec.parameters ?? {};
  return {
    examples: spec.examples,
    parameters,
    run: async (given, context) => {
      const read = Object.entries(parameters).map(([name, { flags, type }]) => {
        const { data, error } = type.safeParse(given[name]);
        if (error)
          throw usageError(`read ${flags}: ${error.issues.map(({ message }) => message).join("; ")}`);
        return [name, data] as const;
      });
      return spec.run(Object.fromEntries(read) as Input<P>, context);
    },
  };
}

import { Argument, Command as Commander, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import type { Command } from "./command.ts";
import { createContext, type GlobalOptions, type World } from "./context.ts";
import { type CliError, EXIT, type ExitCode, reportOf, usageError } from "./exit.ts";

/** One command, not yet read. */
export interface RegistryEntry {
  readonly summary: string;
  /** True for what the supervisor starts and nobody types: left out of the help. */
  readonly hidden?: boolean;
  load(): Promise<Command>;
}

/** Every command by its words, such as `config check`. A file is read only when its command is called. */
export interface Registry {
  /** What the first word of several commands is about. */
  readonly groups: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, RegistryEntry>>;
}

/**
 * Runs one command line.
 * @param argv the words after `doorbell`
 * @returns the exit code; never throws
 */
export async function runProgram(
  argv: readonly string[],
  world: World,
  registry: Registry,
): Promise<ExitCode> {
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  let exit: ExitCode = EXIT.done;
  const program = createProgram(world, registry, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return exit;
  } catch (error) {
    const known = error instanceof CommanderError ? fromCommander(error) : error;
    if (known === undefined) return EXIT.done;
    const report = reportOf(known);
    if (words.includes("--json")) world.stdout.write(`${JSON.stringify(report.document, null, 2)}\n`);
    else world.stderr.write(report.text);
    return report.exit;
  }
}

function createProgram(world: World, registry: Registry, ended: (code: ExitCode) => void): Commander {
  const program = new Commander("doorbell")
    .description("A self-hosted doorbell security system")
    .version(`${packageJson.version} (Node ${process.versions.node})`)
    .option("--json", "print the result as one JSON document on stdout")
    .option("--config <path>", "file or folder of the configuration (DOORBELL_CONFIG)")
    .option("--url <address>", "a doorbell system on another machine (DOORBELL_URL)")
    .option(
      "--token <token>",
      "an API token for that address (better in DOORBELL_TOKEN: others can see a command line)",
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: () => {}, // told in our own form
    })
    .helpCommand(false)
    .exitOverride();
  const groups = new Map<string, Commander>();
  for (const [name, { summary, hidden = false, load }] of Object.entries(registry.commands)) {
    const words = name.split(" ");
    const parent = words.length > 1 ? groupOf(words[0]!) : program;
    const child = parent.command(words.at(-1)!, { hidden }).description(summary);
    lazily(parent, child, async () => {
      const command = await load();
      shape(child, command);
      child.action(async () => {
        const context = createContext(program.opts<GlobalOptions>(), world);
        ended((await command.run(given(child, command), context)) ?? EXIT.done);
      });
    });
  }
  return program;

  function groupOf(name: string): Commander {
    const group =
      groups.get(name) ??
      program
        .command(name)
        .description(registry.groups[name] ?? "")
        .helpCommand(false);
    groups.set(name, group);
    return group;
  }
}

/** Has the child made ready just before it is parsed. */
function lazily(parent: Commander, child: Commander, prepare: () => Promise<void>): void {
  parent.hook("preSubcommand", async (_, called) => {
    if (called === child) await prepare();
  });
}

/** Gives the command its arguments, options and examples. */
function shape(child: Commander, { parameters, examples }: Command): void {
  for (const { flags, about, type } of Object.values(parameters)) {
    const fallback: unknown = type.safeParse(undefined).data;
    const text =
      fallback === undefined || fallback === false
        ? about
        : `${about} (default: ${JSON.stringify(fallback)})`;
    if (isOption(flags)) child.addOption(new Option(flags, text));
    else child.addArgument(new Argument(flags, text));
  }
  child.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}`);
}

/** What the command line gave for each parameter, unread. */
function given(child: Commander, { parameters }: Command): Record<string, unknown> {
  const options = child.opts();
  const rest = [...child.processedArgs];
  const values = Object.entries(parameters).map(([name, { flags }]) => {
    return [name, isOption(flags) ? options[new Option(flags).attributeName()] : rest.shift()] as const;
  });
  return Object.fromEntries(values);
}

function isOption(flags: string): boolean {
  return flags.startsWith("-");
}

/** Commander's own words as our error; nothing when it only showed the help that was asked for. */
function fromCommander({ code, message }: CommanderError): CliError | undefined {
  if (code === "commander.helpDisplayed" || code === "commander.version") return undefined;
  if (code === "commander.help") return usageError("name a command");
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/^\(|\)$/g, "");
  return usageError(
    first.replace(/^./, (letter) => letter.toLowerCase()),
    suggestion || undefined,
  );
}

import { styleText } from "node:util";
import { withProgress } from "./progress.ts";
import { printable } from "./table.ts";

/** Where a command writes: the part of a stream that is used. */
export interface Sink {
  write(text: string): unknown;
  /** True for a terminal. */
  readonly isTTY?: boolean;
}

/** What a colour stands for; the words beside it say the same. */
export type Tone = "good" | "bad" | "warning" | "quiet";

/** How a command speaks: its result on stdout, all else on stderr. */
export interface Output {
  /** True when a program reads the result. */
  readonly json: boolean;
  /** True when a person reads the result on a terminal. */
  readonly isTerminal: boolean;
  /** The result, once: with `--json` the document, else the text, which ends its own lines. */
  result(document: unknown, text: () => string): void;
  /** One of many, for a command that goes on (`--watch`): with `--json` a line each. */
  line(document: unknown, text: () => string): void;
  /** Something beside the result, a line on stderr. */
  note(text: string): void;
  /** Text in a colour, on a terminal without NO_COLOR (no-color.org). The text must say it without, too. */
  tone(tone: Tone, text: string): string;
  /** Does the work, and tells of it on stderr when it takes longer than a second. */
  progress<T>(label: string, work: (report: (detail: string) => void) => Promise<T>): Promise<T>;
}

const STYLES = { good: "green", bad: "red", warning: "yellow", quiet: "gray" } as const;

/** Creates an `Output`. */
export function createOutput(json: boolean, stdout: Sink, stderr: Sink, env: NodeJS.ProcessEnv): Output {
  const isTerminal = stdout.isTTY === true && !json;
  const colours = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  return {
    json,
    isTerminal,
    result: (document, text) => stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : text()),
    line: (document, text) => stdout.write(json ? `${JSON.stringify(document)}\n` : text()),
    note: (text) => stderr.write(`${printable(text)}\n`),
    tone: (tone, text) => (colours ? styleText(STYLES[tone], text, { validateStream: false }) : text),
    progress: (label, work) => withProgress(stderr, label, work),
  };
}

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Sink } from "./output.ts";
import { printable } from "./table.ts";

/** Where a person answers: the part of standard input that is used. */
export type Answers = Readable & { readonly isTTY?: boolean };

/**
 * Asks a person on the terminal. Only a plain yes is one.
 * @returns undefined where there is no terminal to ask on
 */
export async function confirm(
  question: string,
  { stdin, stderr, signal }: { readonly stdin: Answers; readonly stderr: Sink; readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  if (!stdin.isTTY) return undefined;
  stderr.write(`${printable(question)} [y/N] `);
  const lines = createInterface({ input: stdin, signal });
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    stderr.write("\n");
    return false;
  } finally {
    lines.close();
  }
}

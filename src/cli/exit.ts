import { DoorbellError, type ErrorFacts, messageOf } from "../lib/errors.ts";
import { printable } from "./table.ts";

/** What a command's exit code means. Stable: scripts go by them. */
export const EXIT = {
  /** Done as asked. */
  done: 0,
  /** Failed; nothing more is known to have happened than the message says. */
  failed: 1,
  /** The command line is wrong; nothing was tried. */
  usage: 2,
  /** The system answered and said no. */
  refused: 3,
  /** It cannot be told whether it happened. */
  unknown: 4,
} as const;

/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown by the command line itself; tells the exit code. Every other error ends with `failed`. */
export class CliError extends DoorbellError {
  readonly exit: ExitCode;

  constructor(message: string, facts: ErrorFacts & { readonly exit: keyof typeof EXIT }) {
    super(message, facts);
    this.exit = EXIT[facts.exit];
  }
}

/** A command line that is wrong. */
export function usageError(message: string, hint = "See doorbell --help."): CliError {
  return new CliError(message, { code: "usage", hint, exit: "usage" });
}

/** An error as the person or the program at the other end is told of it. */
export interface Report {
  readonly exit: ExitCode;
  /** Lines for stderr. */
  readonly text: string;
  /** For `--json`: a problem in the manner of RFC 9457, without an HTTP status. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** What to print of an error and how to exit. */
export function reportOf(error: unknown): Report {
  const exit = error instanceof CliError ? error.exit : EXIT.failed;
  const { message, code, hint, retryable, more } = factsOf(error);
  const text = `doorbell: ${printable(message)}\n  hint: ${printable(hint)}\n`;
  const [title, ...detail] = message.split("\n");
  const type = `urn:doorbell:error:${code}`;
  const document = {
    type,
    title,
    ...(detail.length > 0 && { detail: detail.join("\n") }),
    code,
    hint,
    retryable,
    exit,
  };
  return { exit, text, document: { ...document, ...more } };
}

function factsOf(error: unknown) {
  if (error instanceof DoorbellError) {
    const { message, code, hint, retryable } = error;
    return { message, code, hint, retryable, more: "problems" in error ? { problems: error.problems } : {} };
  }
  const trace = error instanceof Error && error.stack ? `\n${error.stack}` : "";
  const hint = `This is a fault of the program: please report it with these lines.${trace}`;
  return { message: messageOf(error), code: "internal", hint, retryable: false, more: {} };
}

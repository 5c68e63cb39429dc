import { styleText } from "node:util";

/** What every line has, or what stands elsewhere in it. */
const QUIET = new Set([
  "@timestamp",
  "log.level",
  "message",
  "error",
  "ecs.version",
  "event.dataset",
  "process.pid",
  "host.hostname",
  "service.name",
  "service.version",
  "service.node.name",
  "service.node.roles",
]);

const COLOURS = { debug: "gray", trace: "gray", warn: "yellow", error: "red", fatal: "red" } as const;

/** Control characters, and those that turn the direction of a text: all that could forge a line or a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A line of the log for a person: time, level, process, message, fields, and the stack of an error, indented.
 * Whatever was logged, only its own lines begin at the margin.
 * @param line one JSON object, in Elastic Common Schema
 */
export function readableLine(line: string, colours = false): string {
  const fields: Record<string, unknown> = JSON.parse(line);
  const level = String(fields["log.level"]);
  const colour = COLOURS[level as keyof typeof COLOURS];
  const tag = level.toUpperCase().padEnd(5);
  const head = [
    clockTime(String(fields["@timestamp"])),
    colours && colour ? styleText(colour, tag, { validateStream: false }) : tag,
    `${fields["service.node.name"]}:`,
    escaped(String(fields.message ?? "")),
  ];
  const rest = Object.entries(fields)
    .filter(([key]) => !QUIET.has(key))
    .map(([key, value]) => escaped(`${key}=${typeof value === "string" ? value : JSON.stringify(value)}`));
  return `${[...head, ...rest].join(" ")}\n${stackOf(fields.error)}`;
}

/** On the wall clock of this machine. */
function clockTime(timestamp: string): string {
  const at = new Date(timestamp);
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function stackOf(error: unknown): string {
  const { stack_trace: stack } = (error ?? {}) as { stack_trace?: unknown };
  if (typeof stack !== "string") return "";
  return stack
    .split("\n")
    .map((line) => `    ${escaped(line)}\n`)
    .join("");
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

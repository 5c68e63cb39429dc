import { DoorbellError } from "../lib/errors.ts";

/** A place in a file; line and column count from 1 and are absent for the file as a whole. */
export interface FilePlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** A place in the configuration: in a file, or an environment variable. */
export type Place = FilePlace | { readonly variable: string };

/** One thing wrong with the configuration. None of its words is a value that the operator wrote. */
export interface Problem {
  readonly place: Place;
  /** The key, such as `doors[0].debounceMs`; empty for the whole. */
  readonly path: string;
  /** What is wrong, such as `is text`. */
  readonly wrong: string;
  /** What is allowed there, such as `a whole number from 1 to 65535`. */
  readonly allowed?: string | undefined;
  /** The nearest thing that would be right. */
  readonly suggestion?: string | undefined;
}

/** Thrown when the configuration cannot be read or is not valid; holds every problem at once. */
export class ConfigError extends DoorbellError {
  readonly problems: readonly Problem[];

  constructor(source: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super([`read configuration ${source}: ${count}`, ...problems.map(problemText)].join("\n"), {
      code: "config_invalid",
      hint: "Mend the places named above; docs/configuration.md lists every key.",
    });
    this.problems = problems;
  }
}

/** `file:line:column`, as editors and terminals make it a link; or the name of the variable. */
export function placeText(place: Place): string {
  if ("variable" in place) return place.variable;
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
}

/** One line: place, key, what is wrong, what is allowed, what may have been meant. */
export function problemText({ place, path, wrong, allowed, suggestion }: Problem): string {
  const where = path === "" ? placeText(place) : `${placeText(place)}: ${path}`;
  const parts = [
    `${where}: ${wrong}`,
    allowed && `allowed: ${allowed}`,
    suggestion && `did you mean ${suggestion}?`,
  ];
  return parts.filter(Boolean).join("; ");
}

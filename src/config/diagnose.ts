import type { z } from "zod";
import { allowedText, choices, listText } from "./allowed.ts";
import type { Place, Problem } from "./error.ts";
import { nearest } from "./nearest.ts";
import { at, keysOf, type Outline, outlineAt, type Path, pathText } from "./outline.ts";

type Issue = z.core.$ZodIssue;

/** What the problems are told with. */
export interface Setting {
  readonly outline: Outline;
  /** What was validated. */
  readonly input: unknown;
  place(path: Path, part: "key" | "value"): Place;
}

/** What is wrong, in the operator's words, for one thing that zod found. */
export function diagnose(issue: Issue, setting: Setting): Problem[] {
  const path = issue.path as Path;
  const outline = outlineAt(setting.outline, path, setting.input);
  const value = at(setting.input, path);
  const here = { place: setting.place(path, "value"), path: pathText(path) };
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], keysOf(outline, value), setting));
    case "invalid_union":
      return (
        diagnoseUnion(issue, setting) ?? [{ ...here, wrong: kindText(value), ...allowed(outline, value) }]
      );
    case "invalid_value":
      return [
        { ...here, wrong: value === undefined ? "is missing" : "is no choice", ...allowed(outline, value) },
      ];
    case "invalid_type":
      return [{ ...here, wrong: kindText(value), ...allowed(outline, value) }];
    case "too_small":
    case "too_big":
      return [{ ...here, wrong: `is ${issue.code.replace("_", " ")}`, ...allowed(outline, value) }];
    case "custom":
      return [{ ...here, wrong: issue.message, suggestion: suggest(value, issue.params?.candidates) }];
    default:
      return [{ ...here, wrong: issue.message }];
  }
}

function unknownKey(path: Path, known: readonly string[], setting: Setting): Problem {
  const suggestion = nearest(String(path.at(-1)), known);
  const place = setting.place(path, "key");
  return { place, path: pathText(path), wrong: "unknown key", allowed: listText(known), suggestion };
}

/** The problems of the shape that was meant: the one that fits but for something inside. */
function diagnoseUnion(issue: Issue & { code: "invalid_union" }, setting: Setting): Problem[] | undefined {
  const meant = issue.errors.filter((tried) =>
    tried.every((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
  );
  const closest = meant.sort((a, b) => a.length - b.length)[0];
  return closest?.flatMap((one) => diagnose({ ...one, path: [...issue.path, ...one.path] }, setting));
}

function kindText(value: unknown): string {
  if (value === undefined) return "is missing";
  if (value === null) return "is empty";
  if (Array.isArray(value)) return "is a list";
  return (
    { object: "is a section", string: "is text", boolean: "is true or false" }[typeof value as string] ??
    "is a number"
  );
}

function allowed(outline: Outline, value: unknown): Pick<Problem, "allowed" | "suggestion"> {
  return { allowed: allowedText(outline), suggestion: suggest(value, choices(outline)) };
}

function suggest(value: unknown, candidates: unknown): string | undefined {
  if (typeof value !== "string" || !Array.isArray(candidates)) return undefined;
  return nearest(
    value,
    candidates.filter((candidate) => typeof candidate === "string"),
  );
}

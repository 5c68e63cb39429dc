import type { Reload } from "../lib/settings.ts";
import type { Config, Setting } from "./load.ts";

/** One key that differs between two configurations. */
export interface Change {
  /** The key, list items by their id: `doors.front.debounceMs`. */
  readonly path: string;
  /** The value before, `undefined` when the key had none; of a secret the reference. */
  readonly from: unknown;
  /** The value after, `undefined` when the key has none any more; of a secret the reference. */
  readonly to: unknown;
  /** `live` when a reload is enough. */
  readonly reload: Reload;
}

/** What changes from one configuration to another, in the order of the schema, what goes away last. */
export function changesBetween(before: Config<unknown>, after: Config<unknown>): Change[] {
  const old = new Map(before.settings.map((setting) => [setting.name, setting]));
  const kept = new Set(after.settings.map(({ name }) => name));
  return [
    ...after.settings.flatMap((setting) => change(old.get(setting.name), setting)),
    ...before.settings.flatMap((setting) => (kept.has(setting.name) ? [] : change(setting, undefined))),
  ];
}

function change(before: Setting | undefined, after: Setting | undefined): Change[] {
  if (JSON.stringify(before?.value) === JSON.stringify(after?.value)) return [];
  const { name: path, reload } = (after ?? before)!;
  return [{ path, from: before?.value, to: after?.value, reload }];
}

import { Document, isScalar } from "yaml";
import { placeText } from "./error.ts";
import type { Config, Origin } from "./load.ts";

/** Where a value comes from, in writing: `default`, `config/production/settings.yaml:4`, `DOORBELL_SITE__NAME`. */
export function originText(origin: Origin): string {
  if (origin === "default" || "variable" in origin) return origin === "default" ? origin : origin.variable;
  const { file, line } = origin;
  return placeText(line === undefined ? { file } : { file, line });
}

/** The configuration in effect as YAML that loads to the same, each key with its origin; secrets as references. */
export function showYaml(config: Config<unknown>): string {
  const document = new Document(config.value, { aliasDuplicateObjects: false });
  document.commentBefore = ` configuration in effect, from ${config.source}`;
  for (const { path, origin } of config.settings) {
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${originText(origin)}`;
  }
  return document.toString({ lineWidth: 0 });
}

/** The configuration in effect as one JSON document: the values, and the origin of each key. */
export function showJson(config: Config<unknown>): {
  source: string;
  config: unknown;
  origins: Record<string, string>;
} {
  const origins = config.settings.map(({ name, origin }) => [name, originText(origin)]);
  return { source: config.source, config: config.value, origins: Object.fromEntries(origins) };
}

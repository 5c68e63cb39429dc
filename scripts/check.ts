/** `npm run check`: types, lint and tests (the layer rule is one of them), in that order; stops at the first that fails. */
import { runNode, tools } from "./run.ts";

for (const [name, args] of [
  ["types", tools.types],
  ["types of the page", tools.pageTypes],
  ["lint", tools.lint],
  ["tests", ["scripts/test.ts"]],
] as const) {
  console.log(`\n== ${name}`);
  const code = await runNode(args);
  if (code !== 0) {
    console.error(`check: ${name} failed`);
    process.exit(code);
  }
}

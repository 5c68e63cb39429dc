/** `npm run bench -- NAME [ARGUMENTS]`: prints the machine, the bench's table and, last, one JSON line. */
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import type { Bench } from "./bench.ts";

const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  footprint: () => import("./footprint.ts"),
  match: () => import("./match.ts"),
  pipeline: () => import("./pipeline.ts"),
  press: () => import("./press.ts"),
  recognition: () => import("./recognition.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = benches[name];
if (!load) {
  console.error(`usage: npm run bench -- NAME [ARGUMENTS]\nbenches: ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
const { bench } = await load();
const model = /model name\s*:\s*(.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown processor";
console.log(`${bench.name}: ${bench.describe}`);
console.log(
  `Node ${process.versions.node}, Linux ${release()}, ${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB\n`,
);
const { figures, ratios } = await bench.run(args);
console.log(`\n${JSON.stringify({ bench: name, figures, ratios })}`);
process.exit(0);

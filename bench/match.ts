import { createGallery } from "../src/doorbell/recognition/matcher.ts";
import type { Bench } from "./bench.ts";
import { printTable } from "./table.ts";

const ROWS = 100_000;
const DIMENSIONS = 128;
const ROWS_PER_PERSON = 4;
const WARM_UP = 5;
const ROUNDS = 31;

/** How much the gallery's search costs over the arithmetic it cannot do without. */
export const bench: Bench = {
  name: "match",
  describe: `nearest person among ${ROWS} embeddings against a bare pass over the same numbers; goal at most 2`,
  async run() {
    const rows = Float32Array.from({ length: ROWS * DIMENSIONS }, () => (Math.random() - 0.5) / 5);
    const gallery = createGallery(DIMENSIONS);
    for (let row = 0; row < ROWS; row++) {
      gallery.add(`person-${Math.floor(row / ROWS_PER_PERSON)}`, embeddingAt(rows, row));
    }
    const searches: number[] = [];
    const passes: number[] = [];
    let agree = true;
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      const probe = Float32Array.from({ length: DIMENSIONS }, () => (Math.random() - 0.5) / 5);
      const [nearest, searchMs] = timed(() => gallery.nearest(probe).best?.distance ?? 0);
      const [smallest, passMs] = timed(() => barePass(rows, probe));
      agree &&= Math.abs(nearest - smallest) < 1e-6;
      if (round < WARM_UP) continue;
      searches.push(searchMs);
      passes.push(passMs);
    }
    const [search, pass] = [median(searches), median(passes)];
    printTable([
      { what: "gallery search", "median ms": round2(search) },
      { what: "bare pass", "median ms": round2(pass) },
    ]);
    return {
      figures: { embeddings: ROWS, search_ms: round2(search), bare_ms: round2(pass) },
      // A search that found something else than the bare pass has no worth, however fast.
      ratios: { bare_pass: agree ? round2(search / pass) : "unknown" },
    };
  },
};

const embeddingAt = (rows: Float32Array, row: number): Float32Array =>
  rows.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);

/** The smallest distance, by four sums at once and nothing else. */
function barePass(rows: Float32Array, probe: Float32Array): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < rows.length; ) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < DIMENSIONS; i += 4, at += 4) {
      const w = rows[at]! - probe[i]!;
      const x = rows[at + 1]! - probe[i + 1]!;
      const y = rows[at + 2]! - probe[i + 2]!;
      const z = rows[at + 3]! - probe[i + 3]!;
      a += w * w;
      b += x * x;
      c += y * y;
      d += z * z;
    }
    const squared = a + b + (c + d);
    if (squared < smallest) smallest = squared;
  }
  return Math.sqrt(smallest);
}

function timed(work: () => number): [result: number, ms: number] {
  const started = performance.now();
  const result = work();
  return [result, performance.now() - started];
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const round2 = (value: number): number => Math.round(value * 100) / 100;

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Embedding, FaceEngine } from "../src/doorbell/recognition/face-engine.ts";
import {
  demoFolder,
  labelledFolder,
  photosIn,
  shippedSettings,
  testEngine,
} from "../src/doorbell/recognition/fixtures.ts";
import { createGallery, distanceBetween } from "../src/doorbell/recognition/matcher.ts";
import { decodePhoto } from "../src/doorbell/recognition/photo.ts";
import type { Bench } from "./bench.ts";
import { printTable } from "./table.ts";

const { minFaceWidthPx, matchDistance, decodeMaxPx, photo: limits } = shippedSettings;

/** How many faces the demonstration photos show; who is on them is not labelled. */
const DEMO_FACES: Record<string, number> = {
  "sample1.jpg": 3,
  "sample2.jpg": 3,
  "sample3.jpg": 3,
  "sample4.jpg": 4,
  "sample5.jpg": 5,
  "sample6.jpg": 4,
};

/** A photo, its label and what the engine made of it. */
interface Photo {
  readonly name: string;
  /** Who is on it, where it is one person's photo. */
  readonly person: string | undefined;
  /** How many faces it shows, where that is known. */
  readonly expected: number | undefined;
  readonly found: number;
  /** Faces wide enough to be named, largest first. */
  readonly faces: readonly Embedding[];
}

/** Two faces and the truth about them. `distance` is undefined where no face could be compared. */
interface Comparison {
  readonly same: boolean;
  readonly distance: number | undefined;
}

interface Times {
  readonly decode: number[];
  readonly detect: number[];
  readonly describe: number[];
}

/** Errors among trials. */
interface Tally {
  readonly errors: number;
  readonly trials: number;
}

/** How often the shipped settings err on labelled photos. */
export const bench: Bench = {
  name: "recognition",
  describe:
    "false matches, missed matches and faces found at the shipped settings [--photos DIR] [--pairs FILE.csv]",
  async run(args) {
    const { values } = parseArgs({
      args,
      options: { photos: { type: "string" }, pairs: { type: "string" } },
    });
    const folder = values.photos ?? labelledFolder ?? demoFolder;
    const pairs = values.pairs === undefined ? undefined : await readPairs(values.pairs);
    const names = pairs ? [...new Set(pairs.flatMap(({ a, b }) => [a, b]))] : photosIn(folder);
    const { photos, times } = await lookAt(folder, names);

    const comparisons = pairs ? comparePairs(pairs, photos) : compareLabelled(photos);
    const isMatch = ({ distance }: Comparison): boolean =>
      distance !== undefined && distance <= matchDistance;
    const different = comparisons.filter(({ same, distance }) => !same && distance !== undefined);
    const same = comparisons.filter((comparison) => comparison.same);
    const tallies = {
      false_match: { errors: different.filter(isMatch).length, trials: different.length },
      false_non_match: { errors: same.filter((one) => !isMatch(one)).length, trials: same.length },
      faces_missed: facesMissed(photos),
      named_wrongly: namedWrongly(photos),
    };
    console.log(`${photos.length} photos in ${folder}, ${JSON.stringify(shippedSettings)}`);
    printTable(Object.entries(tallies).map(([what, tally]) => ({ what, ...rateOf(tally) })));
    console.log(
      "upper 95 %: one-sided Clopper-Pearson bound as if trials were independent; they share photos, so the truth may lie higher",
    );
    return { figures: { ...figuresOf(tallies, photos), ...timesOf(times) }, ratios: {} };
  },
};

/** Decodes, detects and describes each photo once. */
async function lookAt(folder: string, names: readonly string[]): Promise<{ photos: Photo[]; times: Times }> {
  const engine = await testEngine();
  const times: Times = { decode: [], detect: [], describe: [] };
  const photos: Photo[] = [];
  for (const name of names) photos.push(await look(engine, folder, name, times));
  await engine.close();
  return { photos, times };
}

async function look(engine: FaceEngine, folder: string, name: string, times: Times): Promise<Photo> {
  const bytes = await readFile(resolve(folder, name));
  const picture = await timed(times.decode, () => decodePhoto(bytes, limits, decodeMaxPx));
  const found = await timed(times.detect, () => engine.detect(picture));
  const faces: Embedding[] = [];
  for (const face of found.filter(({ box }) => box.width >= minFaceWidthPx)) {
    faces.push(await timed(times.describe, () => engine.describe(picture, face)));
  }
  const [, label] = /_([A-Z]|\d+)\.jpg$/.exec(name) ?? [];
  const person = label && /[A-Z]/.test(label) ? label : undefined;
  const count = label === undefined ? DEMO_FACES[name] : Number(label);
  return { name, person, expected: person ? 1 : count, found: found.length, faces };
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  times.push(performance.now() - started);
  return result;
}

/**
 * All pairs of which the labels tell the truth: one person's photos among each other, different people's photos,
 * a person's photos with the strangers of group photos, and the faces of one photo with each other.
 */
function compareLabelled(photos: readonly Photo[]): Comparison[] {
  const comparisons: Comparison[] = [];
  const people = photos.filter(({ person }) => person !== undefined);
  const groups = photos.filter(({ person }) => person === undefined);
  for (const [a, b] of pairsOf(people)) {
    comparisons.push(compare(a.person === b.person, a.faces[0], b.faces[0]));
  }
  for (const { faces } of groups) {
    for (const [a, b] of pairsOf(faces)) comparisons.push(compare(false, a, b));
    for (const face of faces) for (const one of people) comparisons.push(compare(false, face, one.faces[0]));
  }
  return comparisons;
}

const compare = (same: boolean, a: Embedding | undefined, b: Embedding | undefined): Comparison => ({
  same,
  distance: a && b && distanceBetween(a, b),
});

const pairsOf = <T>(items: readonly T[]): [T, T][] =>
  items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
}

/** Lines `file_a,file_b,same`, the last 1 or 0; a first line with these names is a heading. */
async function readPairs(file: string): Promise<Pair[]> {
  const lines = (await readFile(file, "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines
    .filter((line) => !line.startsWith("file_a,"))
    .map((line) => {
      const [a, b, same] = line.split(",").map((cell) => cell.trim());
      if (!a || !b || !same || !/^(0|1|true|false)$/.test(same)) {
        throw new Error(`read pairs ${file}: "${line}" is not file_a,file_b,same`);
      }
      return { a, b, same: same === "1" || same === "true" };
    });
}

function comparePairs(pairs: readonly Pair[], photos: readonly Photo[]): Comparison[] {
  const byName = new Map(photos.map((one) => [one.name, one]));
  return pairs.map(({ a, b, same }) => compare(same, byName.get(a)?.faces[0], byName.get(b)?.faces[0]));
}

/** Faces shown and not found; a box too many on one photo does not make up for one too few on another. */
function facesMissed(photos: readonly Photo[]): Tally {
  const counted = photos.map(({ expected, found }) => ({ expected: expected ?? 0, found }));
  return {
    errors: sum(counted.map(({ expected, found }) => Math.max(0, expected - found))),
    trials: sum(counted.map(({ expected }) => expected)),
  };
}

/** Faces that get a wrong name when everybody else's labelled photos are enrolled: strangers, and people confused. */
function namedWrongly(photos: readonly Photo[]): Tally {
  const people = photos.filter(({ person, faces }) => person !== undefined && faces.length > 0);
  const outcomes = photos.flatMap((probe) => {
    const gallery = createGallery();
    for (const { person, name, faces } of people) if (name !== probe.name) gallery.add(person!, faces[0]!);
    return probe.faces.map((face) => {
      const { best } = gallery.nearest(face);
      return best !== undefined && best.distance <= matchDistance && best.personId !== probe.person;
    });
  });
  return people.length === 0
    ? { errors: 0, trials: 0 }
    : { errors: outcomes.filter(Boolean).length, trials: outcomes.length };
}

function figuresOf(
  tallies: Record<string, Tally>,
  photos: readonly Photo[],
): Record<string, number | string> {
  const missed = tallies.faces_missed!;
  const counted = photos.filter(({ expected }) => expected !== undefined);
  return {
    ...Object.fromEntries(
      Object.entries(tallies).flatMap(([what, tally]) => {
        const { rate, errors, trials, "upper 95 %": upper } = rateOf(tally);
        return Object.entries({ "": rate, _errors: errors, _trials: trials, _upper95: upper }).map(
          ([part, value]) => [what + part, value],
        );
      }),
    ),
    faces_found: missed.trials === 0 ? "unknown" : missed.trials - missed.errors,
    faces_shown: missed.trials === 0 ? "unknown" : missed.trials,
    boxes_too_many: sum(counted.map(({ expected, found }) => Math.max(0, found - expected!))),
  };
}

/** A rate without trials is unknown, not zero. */
function rateOf({ errors, trials }: Tally) {
  return {
    rate: trials === 0 ? "unknown" : round(errors / trials),
    errors,
    trials,
    "upper 95 %": trials === 0 ? "unknown" : round(upperBound(errors, trials)),
  };
}

/**
 * Clopper and Pearson 1934: the largest rate at which so few errors still happen in 5 % of all runs. Found by
 * halving the interval.
 */
function upperBound(errors: number, trials: number): number {
  let [low, high] = [errors / trials, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (chanceOfAtMost(errors, trials, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** The chance of at most `errors` errors in `trials` trials that err at `rate`, 0 < rate < 1. */
function chanceOfAtMost(errors: number, trials: number, rate: number): number {
  let logTerm = trials * Math.log1p(-rate);
  let chance = Math.exp(logTerm);
  for (let k = 1; k <= errors; k++) {
    logTerm += Math.log((trials - k + 1) / k) + Math.log(rate) - Math.log1p(-rate);
    chance += Math.exp(logTerm);
  }
  return chance;
}

const timesOf = ({ decode, detect, describe }: Times): Record<string, number | string> => ({
  decode_ms: median(decode),
  detect_ms: median(detect),
  describe_ms: median(describe),
});

const median = (values: readonly number[]): number | string =>
  values.length === 0 ? "unknown" : round(values.toSorted((a, b) => a - b)[values.length >> 1]!);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { mergeExpositions, type Part } from "./exposition.ts";

interface Read {
  readonly name: string;
  readonly labels: Partial<Record<"instance" | "place" | "le", string>>;
  readonly value: string;
}

/** A second reader, letter by letter, that accepts only what the format allows: each family once and whole. */
function read(text: string): { families: string[]; samples: Read[] } {
  const families: string[] = [];
  const samples: Read[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const type = /^# TYPE (\S+) \S+$/.exec(line)?.[1];
    if (type) families.push(type);
    if (line.startsWith("#")) continue;
    const sample = readSample(line);
    expect(sample.name.startsWith(families.at(-1)!), `${sample.name} under its own family`).toBe(true);
    samples.push(sample);
  }
  return { families, samples };
}

function readSample(line: string): Read {
  const open = line.indexOf("{");
  const labels: Record<string, string> = {};
  let at = open + 1;
  while (line[at] !== "}") {
    const equals = line.indexOf("=", at);
    const name = line.slice(at, equals);
    let value = "";
    for (at = equals + 2; line[at] !== '"'; at++) {
      if (line[at] === "\\") value += line[++at] === "n" ? "\n" : line[at];
      else value += line[at];
    }
    expect(labels).not.toHaveProperty([name]);
    labels[name] = value;
    at += line[at + 1] === "," ? 2 : 1;
  }
  return { name: line.slice(0, open), labels, value: line.slice(at + 2) };
}

const value = fc.string({
  unit: fc.constantFrom("a", ",", "{", "}", '"', "\\", "\n", "=", " ", "#", "é", "instance="),
});

/** What a process might expose, and the samples in it by name. */
const process = fc.record({
  gauges: fc.uniqueArray(fc.record({ label: value, value: fc.double() }), { selector: ({ label }) => label }),
  count: fc.nat(),
  observed: fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 5 }),
});

async function expose({ gauges, count, observed }: typeof process extends fc.Arbitrary<infer T> ? T : never) {
  const registers = [new Registry()];
  const gauge = new Gauge({ name: "temperature", help: "a \\ b\nc", labelNames: ["place"], registers });
  for (const { label, value } of gauges) gauge.set({ place: label }, value);
  new Counter({ name: "hits_total", help: "Hits", registers }).inc(count);
  const histogram = new Histogram({ name: "time_seconds", help: "Time", buckets: [1, 5], registers });
  for (const seconds of observed) histogram.observe(seconds);
  return registers[0]!.metrics();
}

describe("merging expositions", () => {
  it("keeps every sample of every part, with its instance, and each family once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(process, { minLength: 1, maxLength: 4 }), async (processes) => {
        const parts = await Promise.all(
          processes.map(async (process, index) => ({
            instance: `p"${index}\\\n`,
            text: await expose(process),
          })),
        );
        const { text, leftOut } = mergeExpositions(parts);
        const { families, samples } = read(text);
        expect(leftOut).toEqual([]);
        expect(families).toEqual(["temperature", "hits_total", "time_seconds"]);
        for (const [index, { gauges, count, observed }] of processes.entries()) {
          const own = samples.filter(({ labels }) => labels.instance === `p"${index}\\\n`);
          const named = (name: string) => own.filter((sample) => sample.name === name);
          expect(named("hits_total").map(({ value }) => Number(value))).toEqual([count]);
          expect(named("time_seconds_count").map(({ value }) => Number(value))).toEqual([observed.length]);
          const places = named("temperature").map(({ labels }) => labels.place);
          expect(places).toEqual(gauges.map(({ label }) => label));
          expect(own).toHaveLength(1 + gauges.length + 5);
        }
      }),
    );
  });

  it("is not changed by merging again", async () => {
    await fc.assert(
      fc.asyncProperty(process, process, async (one, other) => {
        const { text } = mergeExpositions([
          { instance: "one", text: await expose(one) },
          { instance: "other", text: await expose(other) },
        ]);
        expect(mergeExpositions([{ instance: "gateway", text }])).toEqual({ text, leftOut: [] });
      }),
    );
  });

  it("never lets one part change what another gives, whatever it holds", () => {
    const sound = { instance: "sound", text: "# TYPE a gauge\na 1\n" };
    const junk = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc
        .array(
          fc.constantFrom("# TYPE b gauge\n", "b 1\n", "b{", 'x="', '"} 2\n', "\\", "b{x} 3\n", "b NaN 17\n"),
        )
        .map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(junk, (text) => {
        const merged = mergeExpositions([sound, { instance: "junk", text }]);
        expect(merged.text.startsWith('# TYPE a gauge\na{instance="sound"} 1\n')).toBe(true);
        expect(merged.leftOut.every(({ instance }) => instance === "junk")).toBe(true);
        expect(mergeExpositions([{ instance: "again", text: merged.text }]).leftOut).toEqual([]);
      }),
    );
  });

  const wrong: [string, string, string][] = [
    ["cut off in mid-line", "# TYPE a gauge\na 1\na{x=", "the text ends in mid-line"],
    ["without a number", "a one\n", "line 1: no number"],
    ["with a label that does not end", '\na{x="1} 2\n', "line 2: broken label"],
    ["with an escape that does not exist", 'a{x="\\t"} 2\n', "line 1: broken label"],
    ["with a label twice", 'a{x="1",x="2"} 3\n', "line 1: label x comes twice"],
    ["with a type twice", "# TYPE a gauge\n# TYPE a counter\n", "line 2: type comes twice or too late"],
    ["with a type after its samples", "a 1\n# TYPE a gauge\n", "line 2: type comes twice or too late"],
    ["with a type that does not exist", "# TYPE a matrix\n", "line 1: unknown type"],
    ["that is a page", "<html></html>\n", "line 1: no metric name"],
  ];
  it.each(wrong)("leaves out a part %s", (_, text, reason) => {
    const parts: Part[] = [
      { instance: "bad", text },
      { instance: "good", text: "b 1\n" },
    ];
    const { text: merged, leftOut } = mergeExpositions(parts);
    expect(leftOut).toEqual([{ instance: "bad", reason }]);
    expect(merged).toBe('# TYPE b untyped\nb{instance="good"} 1\n');
  });

  it("takes any legal spelling of a sample", () => {
    const text = `# a note\na {x = "1" , } +Inf 1700000000000\n\nb{ } -1.5e-3\nc Nan\n`;
    expect(mergeExpositions([{ instance: "i", text }]).text).toBe(
      '# TYPE a untyped\na{x="1",instance="i"} +Inf 1700000000000\n' +
        '# TYPE b untyped\nb{instance="i"} -1.5e-3\n# TYPE c untyped\nc{instance="i"} Nan\n',
    );
  });

  it("leaves an instance alone that is there already", () => {
    const { text } = mergeExpositions([{ instance: "gateway", text: 'a{instance="worker"} 1\n' }]);
    expect(text).toBe('# TYPE a untyped\na{instance="worker"} 1\n');
  });

  it("keeps the first type of a family, and says who lost theirs", () => {
    const { text, leftOut } = mergeExpositions([
      { instance: "old", text: "# TYPE a counter\na 1\n" },
      { instance: "new", text: "# TYPE a gauge\na 2\n# TYPE b gauge\nb 3\n" },
    ]);
    expect(text).toBe('# TYPE a counter\na{instance="old"} 1\n# TYPE b gauge\nb{instance="new"} 3\n');
    expect(leftOut).toEqual([{ instance: "new", family: "a", reason: "gauge here, counter elsewhere" }]);
  });

  it("takes no series twice, in whatever order its labels stand", () => {
    const { text, leftOut } = mergeExpositions([
      { instance: "i", text: 'a{x="1",y="2"} 1\n' },
      { instance: "i", text: 'a{z="0"} 4\na{y="2",x="1"} 2\n' },
      { instance: "i", text: 'a{z="0"} 5\n' },
    ]);
    expect(text).toBe('# TYPE a untyped\na{x="1",y="2",instance="i"} 1\na{z="0",instance="i"} 5\n');
    expect(leftOut).toMatchObject([{ family: "a", reason: 'gives a{instance="i",x="1",y="2"} again' }]);
  });

  it("gives nothing for nothing", () => {
    expect(mergeExpositions([])).toEqual({ text: "", leftOut: [] });
    expect(mergeExpositions([{ instance: "i", text: "" }])).toEqual({ text: "", leftOut: [] });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventParser, type Followed, followEvents, type ServerEvent } from "./event-source.ts";
import { CliError } from "./exit.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): ServerEvent[] => eventParser().push(bytes(text));

describe("the parser", () => {
  it.each([
    ["data: a\n\n", [{ type: "message", data: "a" }]],
    ["data:a\ndata\ndata:  b\n\n", [{ type: "message", data: "a\n\n b" }]],
    ["event: visit.done\r\ndata: {}\r\n\r\n", [{ type: "visit.done", data: "{}" }]],
    ["event: x\n\ndata: a\r\r", [{ type: "message", data: "a" }]],
    [": beat\n\ndataa: 1\nother\ndata: a:b\n\n", [{ type: "message", data: "a:b" }]],
    ["\ufeffdata: a\n\n", [{ type: "message", data: "a" }]],
    ["data: without an end\n", []],
  ])("reads %j as the standard says", (text, events) => {
    expect(parse(text)).toEqual(events);
  });

  it("takes an id when its event ends, also of one without data, and none with a NUL", () => {
    const parser = eventParser("3");
    expect([parser.push(bytes("retry: 70\nid: 7\n")), parser.lastEventId, parser.retryMs]).toEqual([
      [],
      "3",
      70,
    ]);
    parser.push(bytes("\nid: 8\0\nretry: 1e3\n\n"));
    expect([parser.lastEventId, parser.retryMs]).toEqual(["7", 70]);
    parser.push(bytes("id\n\n"));
    expect(parser.lastEventId).toBe("");
  });

  it("gives the same events wherever the stream is cut into pieces", () => {
    const part = fc.constantFrom(
      "data",
      "event",
      "id",
      "retry",
      ":",
      ": ",
      " ",
      "\r",
      "\n",
      "\r\n",
      "7",
      "é",
      "李",
      "🙂",
    );
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat(60)), (parts, cuts) => {
        const whole = bytes(parts.join(""));
        const places = [0, ...cuts.filter((at) => at <= whole.length).sort((a, b) => a - b), whole.length];
        const [once, pieces] = [eventParser(), eventParser()];
        const events = places.slice(1).flatMap((end, index) => pieces.push(whole.slice(places[index], end)));
        expect(events).toEqual(once.push(whole));
        expect([pieces.lastEventId, pieces.retryMs]).toEqual([once.lastEventId, once.retryMs]);
      }),
      { numRuns: 500 },
    );
  });

  it("reads what any server writes, with any line end", () => {
    const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text));
    const event = fc.record({
      type: line.filter((text) => text !== ""),
      lines: fc.array(line, { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(event), fc.constantFrom("\n", "\r", "\r\n"), (events, end) => {
        const text = events.map(({ type, lines }) =>
          [`event: ${type}`, ...lines.map((data) => `data: ${data}`), "", ""].join(end),
        );
        // A last line that is alone tells a closing CR from half of a CRLF.
        expect(parse(`${text.join("")}:`)).toEqual(
          events.map(({ type, lines }) => ({ type, data: lines.join("\n") })),
        );
      }),
    );
  });

  it.each([
    ["one line without an end", "x"],
    ["lines of one event", `data: ${"x".repeat(60)}\n`],
  ])("refuses %s that never stop", (_, piece) => {
    const parser = eventParser();
    expect(() => {
      for (let i = 0; i < 1_000; i++) parser.push(bytes(piece.repeat(100)));
    }).toThrow("longer than 65536 characters");
  });
});

/** Connections that give these texts one after the other; an error stands for one that fails. */
async function followed(connections: (string | Error)[], stopAfter: number) {
  const stop = new AbortController();
  const asked: string[] = [];
  const seen: Followed[] = [];
  const connect = async (lastEventId: string) => {
    const connection = connections[asked.push(lastEventId) - 1];
    if (connection instanceof Error) throw connection;
    return (async function* () {
      yield bytes(`retry: 1\n${connection}`);
      throw new Error("cut");
    })();
  };
  for await (const one of followEvents(connect, stop.signal)) {
    if (seen.push(one) === stopAfter) stop.abort();
  }
  return { asked, seen: seen.map((one) => (one.kind === "event" ? one.event.data : one.kind)) };
}

const failure = (retryable: boolean): CliError =>
  new CliError("no", { code: "not_running", hint: "", exit: "failed", retryable });

describe("following", () => {
  it("goes on after a cut from the last event, and says that it was cut", async () => {
    const connections = ["id: 4\ndata: a\n\nid: 5\ndata: lost", failure(true), failure(true), "data: b\n\n"];
    expect(await followed(connections, 5)).toEqual({
      asked: ["", "4", "4", "4"],
      seen: ["open", "a", "cut", "reopened", "b"],
    });
  });

  it("ends with what the first connection fails with, and later with what no repetition helps", async () => {
    await expect(followed([failure(true)], 9)).rejects.toThrow("no");
    await expect(followed(["data: a\n\n", failure(true), failure(false)], 9)).rejects.toThrow("no");
    await expect(followed(["data: a\n\n", new Error("defect")], 9)).rejects.toThrow("defect");
  });

  it("ends without a word when it is stopped, also while it waits", async () => {
    expect((await followed(["data: a\n\n"], 2)).seen).toEqual(["open", "a"]);
    expect((await followed(["data: a\n\n"], 3)).seen).toEqual(["open", "a", "cut"]);
  });

  it("closes the connection when nobody reads on", async () => {
    let isClosed = false;
    const connect = async () =>
      (async function* () {
        try {
          while (true) yield bytes("data: a\n\n");
        } finally {
          isClosed = true;
        }
      })();
    for await (const one of followEvents(connect, new AbortController().signal)) {
      if (one.kind === "event") break;
    }
    expect(isClosed).toBe(true);
  });
});

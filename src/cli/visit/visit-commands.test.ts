import { describe, expect, it } from "vitest";
import { visitPage } from "../../doorbell/api.ts";
import {
  beginStream,
  cannedFace,
  cannedSystem,
  cannedVisit,
  refusal,
  visitEvent,
} from "../canned-system.fixture.ts";
import { memoryWorld } from "../world.fixture.ts";

const page = (visits: unknown[], next: string | null = null) => ({ body: visitPage.parse({ visits, next }) });
const linesOf = (text: string) => text.trimEnd().split("\n");

describe("visit list", () => {
  it("has a line for each visit with what it came to", async () => {
    const visits = [
      cannedVisit(),
      cannedVisit({ outcome: "unknown", person: null, distance: null, deliveries: [] }),
      cannedVisit({ state: "captured", outcome: null, person: null, distance: null, deliveries: [] }),
    ];
    await using system = await cannedSystem({ "GET /api/visits": () => page(visits) });
    const { exit, stdout } = await system.run(["visit", "list"]);
    expect(exit).toBe(0);
    expect(stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME").replaceAll(/ +/g, " ")).toBe(
      "ID TIME DOOR OUTCOME WHO DISTANCE DELIVERIES\n" +
        `${visits[0]!.id.slice(0, 13)} TIME Front door known Anna 0.41 1 delivered\n` +
        `${visits[1]!.id.slice(0, 13)} TIME Front door unknown 1 unknown person - none\n` +
        `${visits[2]!.id.slice(0, 13)} TIME Front door captured - - none\n`,
    );
  });

  it("asks only for what is wanted, page by page", async () => {
    const [first, last] = [cannedVisit(), cannedVisit()];
    await using system = await cannedSystem({
      "GET /api/visits": ({ path }) =>
        path.includes("before")
          ? page([last])
          : page(
              Array.from({ length: 100 }, () => first),
              first.id,
            ),
    });
    const argv = ["visit", "list", "--limit", "150", "--door", "front", "--outcome", "known", "--json"];
    expect(JSON.parse((await system.run(argv)).stdout).visits).toHaveLength(101);
    expect(system.received.map(({ path }) => path)).toEqual([
      "/api/visits?door=front&outcome=known&limit=100",
      `/api/visits?door=front&outcome=known&before=${first.id}&limit=50`,
    ]);
  });

  it("says that there is none, and refuses an outcome that is none", async () => {
    await using system = await cannedSystem({ "GET /api/visits": () => page([]) });
    expect((await system.run(["visit", "list"])).stdout).toBe("no visits\n");
    expect((await system.run(["visit", "list", "--outcome", "maybe"])).exit).toBe(2);
  });
});

describe("visit list --watch", () => {
  const old = cannedVisit({ id: "01900000-0000-7000-8000-000000000000", state: "captured", outcome: null });
  const fresh = cannedVisit();
  const erased = "01999999-0000-7000-8000-000000000000";

  /** Lists one visit, then tells of changes over two connections. Each ends once the last event was followed up. */
  async function watched(argv: string[]) {
    const stop = new AbortController();
    let connections = 0;
    let endStream = () => {};
    await using system = await cannedSystem({
      "GET /api/visits": () => page([old]),
      [`GET /api/visits/${old.id}`]: () => ({ body: connections === 1 ? old : cannedVisit({ id: old.id }) }),
      [`GET /api/visits/${fresh.id}`]: () => ({ body: fresh }),
      [`GET /api/visits/${erased}`]: () => {
        endStream();
        return refusal(404, "not_found", "it was erased");
      },
      "GET /api/visits/stream": (_, response) => {
        connections += 1;
        if (connections === 2) return refusal(503, "busy", "starting");
        const isFirst = connections === 1;
        endStream = () => (isFirst ? response.destroy() : stop.abort());
        beginStream(response, 5);
        const events = isFirst
          ? [visitEvent(6, "visit.captured", old.id), visitEvent(7, "delivery.sent", fresh.id)]
          : [visitEvent(9, "visit.decided", old.id)];
        response.write([...events, visitEvent(isFirst ? 8 : 10, "visit.accepted", erased)].join(""));
        return undefined;
      },
    });
    const ran = await system.run(argv, { ...memoryWorld(), signal: stop.signal });
    return { ...ran, streams: system.received.filter(({ path }) => path.endsWith("/stream")) };
  }

  it("gives a JSON line for each change, goes on after a cut, and repeats nothing", async () => {
    const { exit, stdout, stderr, streams } = await watched(["visit", "list", "--watch", "--json"]);
    expect(exit).toBe(0);
    expect(linesOf(stdout).map((line) => JSON.parse(line))).toEqual([
      { event: null, visit: old },
      { event: "delivery.sent", visit: fresh },
      { event: "visit.decided", visit: expect.objectContaining({ id: old.id, state: "done" }) },
    ]);
    expect(streams.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "8", "8"]);
    expect(streams[0]?.headers.accept).toBe("text/event-stream");
    expect(linesOf(stderr)).toEqual(["the connection broke: trying again", "connected again"]);
  });

  it("shows one row after the other under one head, only of what is wanted", async () => {
    const { stdout } = await watched(["visit", "list", "--watch", "--outcome", "known"]);
    expect(linesOf(stdout).map((line) => line.slice(0, 13).trim())).toEqual([
      "ID",
      fresh.id.slice(0, 13),
      old.id.slice(0, 13),
    ]);
    expect((await watched(["visit", "list", "--watch", "--door", "back"])).stdout).toBe("");
  });

  it("ends with the system's reason when access ends", async () => {
    let connections = 0;
    await using system = await cannedSystem({
      "GET /api/visits": () => page([]),
      "GET /api/visits/stream": (_, response) => {
        if (++connections > 1) return refusal(401, "unauthorised", "the token is revoked");
        beginStream(response, 5);
        response.end('event: end\ndata: {"reason":"signed_out"}\n\n');
        return undefined;
      },
    });
    expect(await system.run(["visit", "list", "--watch"])).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("doorbell: the token is revoked"),
    });
  });
});

describe("visit show", () => {
  it("tells all of a visit: why, with its line of distances, frames, faces, deliveries", async () => {
    const stranger = cannedFace({ verdict: "unknown", distance: 0.71 });
    const visit = cannedVisit({
      demonstration: true,
      captures: [{ ...cannedVisit().captures[0]!, faces: [cannedFace(), stranger] }],
    });
    await using system = await cannedSystem({ [`GET /api/visits/${visit.id}`]: () => ({ body: visit }) });
    const { exit, stdout } = await system.run(["visit", "show", visit.id.toUpperCase()]);
    expect(exit).toBe(0);
    for (const text of [
      `visit ${visit.id}\n`,
      "outcome  known: Anna",
      "decided  0.4 seconds later",
      "note     made of demonstration photos",
      "The nearest face is 0.41 from Anna: up to 0.50 it is the same person.",
      "● 0.41 Anna, frame 1",
      "● 0.71 Anna, frame 1",
      "└ 0.50 known",
      "1280 x 960",
      stranger.id,
      "320 px",
      "phone    everybody  delivered",
    ])
      expect(stdout).toContain(text);
    expect(JSON.parse((await system.run(["visit", "show", visit.id, "--json"])).stdout)).toEqual(visit);
  });

  it("takes a beginning of an id that only one visit has", async () => {
    const visit = cannedVisit();
    const twin = cannedVisit({ id: `${visit.id.slice(0, 30)}000000` });
    const older = cannedVisit({ id: "01000000-0000-7000-8000-000000000000" });
    const found = [visit, older];
    await using system = await cannedSystem({ "GET /api/visits": () => page(found) });
    const show = (prefix: string) => system.run(["visit", "show", prefix]);
    expect((await show(visit.id.slice(0, 11))).stdout).toContain(visit.id);
    expect(system.received[0]?.path).toBe(
      `/api/visits?before=${visit.id.slice(0, 11)}ff-7fff-bfff-ffffffffffff&limit=2`,
    );
    found[1] = twin;
    expect(await show(visit.id.slice(0, 11))).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(new RegExp(`${visit.id} and ${twin.id}`)),
    });
    expect(await show("02")).toMatchObject({ exit: 3, stderr: expect.stringContaining("there is none") });
    for (const none of ["anna", `${visit.id}0`]) expect((await show(none)).exit).toBe(2);
  });

  it("lets no name, from wherever, steer the terminal", async () => {
    const person = { id: cannedVisit().id, name: "\x1b[2J\nx" };
    const visit = cannedVisit({
      person,
      door: { id: "front", name: "\x1b]0;front\x07" },
      captures: [{ ...cannedVisit().captures[0]!, faces: [cannedFace({ nearest: person })] }],
    });
    await using system = await cannedSystem({
      [`GET /api/visits/${visit.id}`]: () => ({ body: visit }),
      "GET /api/visits": () => page([visit]),
    });
    for (const argv of [
      ["visit", "show", visit.id],
      ["visit", "list"],
    ]) {
      const { stdout } = await system.run(argv);
      expect(stdout).toContain("\\u{1b}[2J x");
      expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    }
  });
});

describe("visit ack", () => {
  it("acknowledges the visit and says how its deliveries stand", async () => {
    const visit = cannedVisit();
    await using system = await cannedSystem({
      "GET /api/visits": () => page([visit]),
      [`POST /api/visits/${visit.id}/acknowledge`]: () => ({ body: visit }),
    });
    expect(await system.run(["visit", "ack", visit.id.slice(0, 13)])).toEqual({
      exit: 0,
      stdout: `acknowledged ${visit.id}, deliveries: 1 delivered\n`,
      stderr: "",
    });
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PersonView, VisitView } from "../src/doorbell/api.ts";
import { photoOf } from "../src/doorbell/pipeline/household.fixture.ts";
import { CATALOGUE, type MetricDefinition } from "../src/monitoring/metrics/catalogue.ts";
import { parseExposition } from "../src/monitoring/metrics/exposition-parser.ts";
import { startCall } from "../src/testing/child.ts";
import { temporaryFolder } from "../src/testing/guard.ts";
import { type Receiver, startReceiver } from "../src/testing/receiver.ts";
import { apiToken, type System, startSystem, until } from "../src/testing/system.ts";

const SECRET = "planted-webhook-secret";
const NAME = "Rumpelstiltskin";
const PASSWORD = "planted password of the owner";

let receiver: Receiver;
let system: System;
let token: string;

beforeAll(async () => {
  receiver = await startReceiver(SECRET);
  system = await startSystem({
    folder: temporaryFolder(),
    env: { HOOK_SECRET: SECRET, DOORBELL_LOGGING__LEVEL: "trace" },
    config: {
      pipeline: { frameIntervalMs: 0 },
      notifications: {
        channels: { hook: { kind: "webhook", url: receiver.url, secret: "env:HOOK_SECRET", photo: true } },
        perMinute: 1_000,
      },
    },
  });
  token = await apiToken(system, PASSWORD);
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function press(scene: string): Promise<string> {
  const path = "/api/doors/front/press";
  const { status, body } = await system.call<{ visitId: string }>("POST", path, { scene });
  expect(status).toBe(202);
  return body.visitId;
}

async function done(visitId: string): Promise<VisitView> {
  let visit: VisitView | undefined;
  await until(
    async () => {
      visit = (await system.call<VisitView>("GET", `/api/visits/${visitId}`)).body;
      return visit.state === "done" && visit.deliveries.every(({ state }) => state === "delivered");
    },
    30_000,
    () => `visit to be done: ${JSON.stringify(visit)}`,
  );
  return visit!;
}

const received = (visitId: string) =>
  [...receiver.deliveries.values()].filter((delivery) => delivery.visitId === visitId);

describe("the main job, from the button to the phone", () => {
  it.each([
    ["resident", { outcome: "known", person: { name: "Demonstration: resident" } }, []],
    ["stranger", { outcome: "unknown", person: null }, [/\w/]],
    ["watchlist", { outcome: "watchlisted", person: { name: "Demonstration: watchlist" } }, [/watchlist/i]],
    ["nobody", { outcome: "no_face", person: null }, [/\w/]],
  ])("comes for the scene %s to its outcome and tells who is to be told", async (scene, expected, titles) => {
    const visit = await done(await press(scene));
    expect(visit).toMatchObject({ ...expected, demonstration: true, source: "cli" });
    expect(received(visit.id).map(({ title }) => title)).toEqual(
      titles.map((title) => expect.stringMatching(title)),
    );
    expect(received(visit.id).every(({ times }) => times === 1)).toBe(true);
    const [capture] = visit.captures;
    const picture = await system.call<Uint8Array>("GET", `/api/captures/${capture!.id}`);
    expect(picture.body.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  });

  it("knows a person who is enrolled while it runs, and forgets one who is removed", async () => {
    const face = (await done(await press("stranger"))).captures[0]!.faces[0]!;
    const added = await system.call<{ personId: string; status: string }>("POST", "/api/people", {
      name: NAME,
      faceId: face.id,
    });
    expect(added.body).toMatchObject({ status: "enrolled" });
    const { personId } = added.body;
    expect(await done(await press("stranger"))).toMatchObject({
      outcome: "known",
      person: { id: personId, name: NAME },
    });
    expect((await system.call("DELETE", `/api/people/${personId}`)).status).toBe(204);
    expect(await done(await press("stranger"))).toMatchObject({ outcome: "unknown" });
    const { people } = (await system.call<{ people: PersonView[] }>("GET", "/api/people")).body;
    expect(people.map(({ name }) => name)).not.toContain(NAME);
  });

  it("takes a picture that comes along over the network, with a token", async () => {
    const answer = await fetch(`http://127.0.0.1:${system.port}/api/doorbell/press`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "image/jpeg" },
      body: Buffer.from(await photoOf("resident")),
    });
    expect(answer.status).toBe(202);
    const { visitId } = (await answer.json()) as { visitId: string };
    expect(await done(visitId)).toMatchObject({ outcome: "known", source: "http" });
  });
});

it("takes a press in while another process has the database locked for two seconds", async () => {
  await using locker = startCall({
    module: new URL("./lock.fixture.ts", import.meta.url),
    name: "lockFor",
    args: [join(system.dataDir, "doorbell.db"), 2_000],
  });
  await locker.line("locked");
  const ids = await Promise.all([press("stranger"), press("stranger"), press("stranger")]);
  expect((await locker.ended).answer).toEqual({ result: "let go" });
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(await done(id)).toMatchObject({ outcome: "unknown" });
});

describe("the metrics", () => {
  /** Samples by name and instance, as port 8000 gives them. */
  async function scrape(): Promise<Map<string, string[]>> {
    const text = await (await fetch(`http://127.0.0.1:${system.metricsPort}/metrics`)).text();
    const samples = new Map<string, string[]>();
    for (const [name, family] of parseExposition(text, "-")) {
      samples.set(
        name,
        family.samples.map(({ line }) => line),
      );
    }
    return samples;
  }

  const entries = Object.entries<MetricDefinition>(CATALOGUE);
  let samples: Map<string, string[]>;
  beforeAll(async () => {
    await scrape();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    samples = await scrape();
  });

  it.each(entries)("has a sample of %s from each process that feeds it", (name, { fedBy }) => {
    for (const role of fedBy) {
      const instance = new RegExp(`instance="[^"]*${role}[^"]*"`);
      expect(
        samples.get(name)?.some((line) => instance.test(line)),
        `${name} from ${role}`,
      ).toBe(true);
    }
  });

  it("has none that the catalogue does not know", () => {
    expect([...samples.keys()].filter((name) => name !== "up" && !(name in CATALOGUE))).toEqual([]);
  });

  it.each([
    'pipeline_events_total{event_type="press",status="success"',
    'pipeline_events_total{event_type="visit",status="success"',
    'face_recognition_requests_total{result_type="known"',
    'face_recognition_requests_total{result_type="watchlisted"',
    "doorbell_triggers_total{",
    'notifications_sent_total{channel="webhook",notification_type="visit",status="success"',
    "known_faces_database_size",
    "face_recognition_accuracy{",
    "http_request_duration_seconds_count{",
    "press_commit_duration_seconds_count",
    "pipeline_processing_duration_seconds_count{",
    'pipeline_worker_health{worker_id="worker-1"',
    "storage_busy_waits_total",
    "storage_wal_bytes",
    "system_memory_usage_bytes",
  ])("has counted what happened: %s", (start) => {
    const lines = [...samples.values()].flat().filter((line) => line.startsWith(start));
    expect(
      lines.some((line) => Number(line.split(" ").at(-1)) > 0),
      lines.join("\n"),
    ).toBe(true);
  });

  it("tells every process up", () => {
    expect(samples.get("up")!.map((line) => line.split(" ").at(-1))).toEqual(["1", "1", "1", "1"]);
  });
});

describe("the logs", () => {
  const lines = (): string[] => {
    const folder = join(system.dataDir, "logs");
    return readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
  };

  it("bear the visit and the trace of its press", async () => {
    const id = await press("stranger");
    await done(id);
    const find = (text: string): Record<string, unknown>[] =>
      lines()
        .filter((line) => line.includes(text))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const decided = () => find("visit decided").filter((line) => line["visit.id"] === id);
    await expect.poll(decided, { timeout: 5_000 }).toHaveLength(1);
    const trace = String(decided()[0]!["trace.id"]);
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    // The same trace as the request that rang and the delivery that told of it.
    const ofTrace = () => find(trace).map(({ message }) => message);
    await expect
      .poll(ofTrace, { timeout: 5_000 })
      .toEqual(expect.arrayContaining(["request answered", "delivery sent"]));
  });

  it("hold no secret and no name, at the most talkative level", () => {
    const text = lines().join("\n");
    const planted = [SECRET, NAME, PASSWORD, token, "Demonstration: resident", "Demonstration: watchlist"];
    const kinds = ["dbt_", "dbs_", "dbl_"];
    expect([...planted, ...kinds].filter((secret) => text.includes(secret))).toEqual([]);
  });
});

it("stops in order and leaves no process", async () => {
  expect(await system.stop()).toBe(0);
  expect(system.pids("")).toEqual([]);
});

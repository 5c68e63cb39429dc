import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { DoorbellError } from "../../lib/errors.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import { span, withRemoteParent } from "../tracing/carrier.ts";
import { startTracing } from "../tracing/tracing.ts";
import { correlate, createLogger, type Log } from "./logger.ts";
import { loggingSettings } from "./settings.ts";

const identity = { role: "worker", instance: "worker-1", release: "2026.1" };
let opened: Log[] = [];
afterEach(async () => {
  await Promise.all(opened.map((log) => log.close()));
  opened = [];
});

/** A standard output that keeps what it gets. */
function terminal(isTTY: boolean) {
  return Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY });
}

function open(settings: object = {}, stdout = terminal(false)) {
  const folder = temporaryFolder();
  const log = createLogger(loggingSettings.parse(settings), identity, { folder, stdout });
  opened.push(log);
  return {
    ...log,
    folder,
    /** Every line, once all are written. */
    async lines(): Promise<Record<string, unknown>[]> {
      await log.close();
      const text = readFileSync(join(folder, "worker-1.log"), "utf8");
      return text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    },
  };
}

/** How often each key stands in a line: `JSON.parse` would hide a second one. */
function keys(folder: string): string[] {
  const text = readFileSync(join(folder, "worker-1.log"), "utf8");
  return [...text.matchAll(/"([\w.@]+)":/g)].map(([, key]) => key!);
}

describe("the log", () => {
  it("is in Elastic Common Schema", async () => {
    const { logger, lines } = open();
    logger.info({ "visit.id": "7" }, "visit decided");
    const [line] = await lines();
    expect(line).toEqual({
      "log.level": "info",
      "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      "process.pid": process.pid,
      "host.hostname": expect.any(String),
      "service.node.roles": ["worker"],
      "ecs.version": expect.stringMatching(/^8\./),
      "service.name": "doorbell",
      "service.version": "2026.1",
      "service.node.name": "worker-1",
      "event.dataset": "doorbell",
      "visit.id": "7",
      message: "visit decided",
    });
  });

  it("tells an error with its code and all that caused it", async () => {
    class CameraError extends DoorbellError {}
    const { logger, lines } = open();
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const error = new CameraError("take picture", {
      code: "camera_away",
      hint: "Plug it in.",
      cause: refused,
    });
    logger.warn({ err: error }, "frame left out");
    logger.error(new Error("alone", { cause: "a word" }));
    const [first, second] = await lines();
    expect(first).toMatchObject({
      message: "frame left out",
      error: { type: "CameraError", message: "take picture", code: "camera_away" },
    });
    expect((first!.error as { stack_trace: string }).stack_trace).toMatch(
      /^CameraError: take picture\n {4}at [\s\S]*\ncaused by: Error: connect\n {4}at /,
    );
    expect(second).toMatchObject({ message: "alone", error: { type: "Error" } });
    expect((second!.error as { stack_trace: string }).stack_trace).toMatch(/\ncaused by: a word$/);
  });

  it("changes its level while it runs, in children that are there already too", async () => {
    const { logger, setLevel, lines } = open({ level: "warn" });
    const child = logger.child({ "visit.id": "7" });
    child.info("held back");
    setLevel("debug");
    child.debug("let through");
    setLevel("error");
    child.warn("held back");
    logger.fatal("let through");
    expect((await lines()).map(({ message }) => message)).toEqual(["let through", "let through"]);
  });

  it("bears the visit and the trace, each once, inside a span and outside", async () => {
    const tracing = await startTracing({ sampleRatio: 1 }, identity);
    const { logger, folder, lines } = open();
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const visit = correlate(logger, "7", traceId);
    visit.info("outside");
    await withRemoteParent(`00-${traceId}-00f067aa0ba902b7-01`, "visit", {}, async (active) => {
      visit.info("inside");
      visit.child({ "door.id": "front" }).info("a child inside");
      logger.info("inside, not of the visit");
      expect(active.spanContext().traceId).toBe(traceId);
    });
    await span("other", {}, () => correlate(logger, "8").info("visit alone"));
    await tracing.shutdown();
    const written = await lines();
    expect(written.slice(0, 3).map((line) => [line["visit.id"], line["trace.id"]])).toEqual(
      Array(3).fill(["7", traceId]),
    );
    expect(written[3]).toMatchObject({ "trace.id": traceId });
    expect(written[4]).toMatchObject({
      "visit.id": "8",
      "trace.id": expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(written.map((line) => typeof line["span.id"])).toEqual(["undefined", ...Array(4).fill("string")]);
    expect(keys(folder).filter((key) => key === "trace.id")).toHaveLength(5);
    expect(keys(folder).filter((key) => key === "span.id")).toHaveLength(4);
  });

  it("goes on when nobody reads its standard output any more", async () => {
    const stdout = terminal(true);
    const { logger, lines } = open({}, stdout);
    stdout.destroy(new Error("EPIPE"));
    await new Promise((resolve) => stdout.once("close", resolve));
    logger.info("still here");
    expect(await lines()).toMatchObject([{ message: "still here" }]);
  });

  it("shows readable lines on a terminal, or when asked, or not at all", async () => {
    const shown = (console: string, isTTY: boolean) => {
      const stdout = terminal(isTTY);
      open({ console }, stdout).logger.info({ "visit.id": "7" }, "press\nforged");
      return stdout.read() ?? "";
    };
    expect(shown("auto", false)).toBe("");
    expect(shown("off", true)).toBe("");
    for (const text of [shown("auto", true), shown("on", false)]) {
      expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}worker-1: press\\nforged visit\.id=7\n$/);
    }
  });
});

describe("secrets", () => {
  const secrets = [
    "hunter2",
    "dbt_Planted-1",
    "PlantedBearer123",
    "planted-cookie",
    "Ada Planted",
    "0.123456789",
  ];

  it("are nowhere in the file, wherever they are logged", async () => {
    const stdout = terminal(false);
    const { logger, folder, lines } = open({ level: "trace", console: "on" }, stdout);
    logger.info({ password: "hunter2", user: { password: "hunter2" } }, "nested");
    logger.child({ apiToken: "dbt_Planted-1", headers: { cookie: "planted-cookie" } }).info("bound");
    correlate(logger, "7")
      .child({ person: { id: "1", name: "Ada Planted" } })
      .info("of a person");
    logger.info({ personName: "Ada Planted", people: [{ name: "Ada Planted" }] }, "people");
    logger.info({ embedding: new Float32Array([0.123456789]), embeddings: [[0.123456789]] }, "embedding");
    logger.info("press with token %s", "dbt_Planted-1");
    logger.warn({ url: "/ack?token=hunter2&x=1" }, "GET /ack?token=hunter2");
    logger.error(new Error("smtp://house:hunter2@mail: password=hunter2"));
    logger.error({ err: new Error("notify", { cause: new Error('body {"password":"hunter2"}') }) }, "failed");
    logger.error(
      new Error(`line\nAuthorization: Bearer PlantedBearer123\nset-cookie: s=planted-cookie; Secure`),
    );
    logger.info({ deep: { er: [{ set: { clientSecret: ["hunter2", { x: "hunter2" }] } }] } }, "deep");
    logger.debug({ body: JSON.stringify({ sessionToken: "dbt_Planted-1", password: "hunter2" }) }, "body");
    await lines();
    for (const entry of readdirSync(folder)) {
      const text = readFileSync(join(folder, entry), "utf8");
      for (const secret of secrets) expect(text).not.toContain(secret);
      // Each of the lines is there: nothing was hidden by being lost.
      expect(text.split("\n")).toHaveLength(13);
      expect(statSync(join(folder, entry)).mode & 0o777).toBe(0o600);
    }
    const shown: string = stdout.read();
    expect(shown).toContain("of a person");
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it("of a request are not in the lines that Fastify writes", async () => {
    const { logger, folder, lines } = open({ level: "trace" });
    const app = Fastify({ loggerInstance: logger });
    app.get("/ack", async (request) => {
      request.log.info({ req: request }, "whole request");
      throw new Error("token=hunter2 is used up");
    });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    await fetch(`${url}/ack?token=hunter2`, {
      headers: {
        authorization: "Bearer PlantedBearer123",
        cookie: "doorbell_session=planted-cookie",
        "x-api-key": "dbt_Planted-1",
      },
    });
    await app.close();
    expect((await lines()).length).toBeGreaterThan(2);
    const text = readFileSync(join(folder, "worker-1.log"), "utf8");
    expect(text).toContain("/ack?token=[redacted]");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

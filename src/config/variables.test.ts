import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { secret } from "../lib/settings.ts";
import { problemText } from "./error.ts";
import { outlineOf } from "./outline.ts";
import { readVariables, variableName } from "./variables.ts";

const outline = outlineOf(
  z.strictObject({
    profile: z.string(),
    dataDir: z.string(),
    logging: z.strictObject({ level: z.string() }),
    metrics: z.strictObject({ enabled: z.boolean() }),
    http: z.strictObject({
      port: z.int(),
      host: z.string(),
      tls: z.boolean(),
      allowed: z.array(z.string()),
      drainTimeoutMs: z.int(),
    }),
    mail: z.strictObject({ password: secret() }),
    doors: z.array(
      z.strictObject({
        id: z.string(),
        camera: z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("log") }),
          z.strictObject({ kind: z.literal("http"), url: z.string() }),
        ]),
      }),
    ),
    channels: z.record(z.string(), z.strictObject({ on: z.boolean() })),
  }),
);
const keys = {
  doors: [{ id: "back-door", camera: { kind: "log" } }],
  channels: { mobilePhone: { on: true } },
};

const DEEP = "[".repeat(9_999) + "]".repeat(9_999);

/** What the variables set: key and value. */
function set(env: NodeJS.ProcessEnv): [string, unknown][] {
  const { overrides, problems } = readVariables(outline, keys, env);
  expect(problems.map(problemText)).toEqual([]);
  return overrides.map(({ path, value }) => [path.join("."), value]);
}

describe("readVariables", () => {
  it.each([
    ["DOORBELL_HTTP__PORT", "5001", "http.port", 5001],
    ["DOORBELL_HTTP__DRAIN_TIMEOUT_MS", "0", "http.drainTimeoutMs", 0],
    ["DOORBELL_HTTP__TLS", "true", "http.tls", true],
    ["DOORBELL_HTTP__ALLOWED", "[a, b]", "http.allowed", ["a", "b"]],
    ["DOORBELL_HTTP__HOST", "1234", "http.host", "1234"],
    ["DOORBELL_HTTP__HOST", "a: b # c", "http.host", "a: b # c"],
    ["DOORBELL_HTTP__HOST", '"a b"', "http.host", "a b"],
    ["DOORBELL_HTTP__PORT", "[", "http.port", "["],
    ["DOORBELL_HTTP__PORT", "&a [*a]", "http.port", "&a [*a]"],
    ["DOORBELL_HTTP__PORT", DEEP, "http.port", DEEP],
    ["DOORBELL_MAIL__PASSWORD", "command:cat a # b", "mail.password", "command:cat a # b"],
    ["DOORBELL_DOORS__0__ID", "x", "doors.0.id", "x"],
    ["DOORBELL_DOORS__BACK_DOOR__ID", "x", "doors.0.id", "x"],
    ["DOORBELL_DOORS__0__CAMERA__URL", "x", "doors.0.camera.url", "x"],
    ["DOORBELL_CHANNELS__MOBILE_PHONE__ON", "no", "channels.mobilePhone.on", "no"],
    ["DOORBELL_DATA", "/data", "dataDir", "/data"],
    ["ENVIRONMENT", "production", "profile", "production"],
    ["LOG_LEVEL", "DEBUG", "logging.level", "debug"],
    ["LOG_LEVEL", "INFO", "logging.level", "info"],
    ["LOG_LEVEL", "WARNING", "logging.level", "warn"],
    ["LOG_LEVEL", "ERROR", "logging.level", "error"],
    ["LOG_LEVEL", "CRITICAL", "logging.level", "fatal"],
    ["MONITORING_ENABLED", "False", "metrics.enabled", false],
    ["MONITORING_ENABLED", "1", "metrics.enabled", true],
    ["MONITORING_ENABLED", "perhaps", "metrics.enabled", "perhaps"],
  ])("%s=%.40s sets %s", (variable, text, path, value) => {
    expect(set({ [variable]: text })).toEqual([[path, value]]);
  });

  it("leaves alone what is empty, what a process is told, and what is not ours", () => {
    expect(
      set({
        DOORBELL_HTTP__PORT: "",
        LOG_LEVEL: "",
        DOORBELL_ROLE: "web",
        DOORBELL_TOKEN: "t",
        PATH: "/bin",
      }),
    ).toEqual([]);
  });

  it("puts a key over its section, and a path over an alias", () => {
    expect(set({ DOORBELL_HTTP__PORT: "2", DOORBELL_HTTP: "{port: 1}" }).map(([path]) => path)).toEqual([
      "http",
      "http.port",
    ]);
    const levels = set({ LOG_LEVEL: "INFO", DOORBELL_LOGGING__LEVEL: "trace" });
    expect(levels.at(-1)).toEqual(["logging.level", "trace"]);
  });

  it("passes over an alias whose key the schema has not", () => {
    const small = outlineOf(z.strictObject({ a: z.string() }));
    expect(readVariables(small, {}, { LOG_LEVEL: "INFO", ENVIRONMENT: "production" }).overrides).toEqual([]);
  });

  it.each([
    ["DOORBELL_HTTP_PORT", "DOORBELL_HTTP__PORT"],
    ["DOORBELL_HTTP__PROT", "DOORBELL_HTTP__PORT"],
    ["DOORBELL_CONFG", "DOORBELL_CONFIG"],
    ["DOORBELL_DOORS__1__ID", "DOORBELL_DOORS__0__ID"],
  ])("refuses %s and asks for %s", (variable, meant) => {
    const { problems } = readVariables(outline, keys, { [variable]: "hunter2" });
    expect(problems).toMatchObject([{ place: { variable }, suggestion: meant }]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it("knows a variable in which a secret is kept, from the files or from the environment", () => {
    const held = { ...keys, mail: { password: "env:DOORBELL_SMTP" } };
    expect(readVariables(outline, held, { DOORBELL_SMTP: "x" }).problems).toEqual([]);
    expect(set({ DOORBELL_SMTP: "x", DOORBELL_MAIL__PASSWORD: "env:DOORBELL_SMTP" })).toHaveLength(1);
    expect(readVariables(outline, held, { DOORBELL_SMT: "x" }).problems).toHaveLength(1);
  });

  it("takes any text without a crash", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("PORT", "HOST", "ALLOWED", "TLS"),
        fc.string({ minLength: 1, unit: "binary" }),
        (key, text) => {
          const { overrides } = readVariables(outline, keys, { [`DOORBELL_HTTP__${key}`]: text });
          expect(overrides).toHaveLength(1);
        },
      ),
    );
  });
});

describe("variableName", () => {
  it("writes a path in upper snake", () => {
    expect(variableName(["http", "drainTimeoutMs"])).toBe("DOORBELL_HTTP__DRAIN_TIMEOUT_MS");
    expect(variableName(["doors", 0, "p99Ms"])).toBe("DOORBELL_DOORS__0__P99_MS");
  });
});

import { describe, expect, it } from "vitest";
import { cannedSystem, refusal } from "../canned-system.fixture.ts";

const NOON = Date.UTC(2026, 10, 24, 12);
const gate = {
  id: "0199f3c2-2fa1-71d2-883f-0016d3cca427",
  name: "gate",
  createdAt: NOON,
  expiresAt: null,
};
const laptop = {
  ...gate,
  id: "0199f3d0-2fa1-71d2-883f-0016d3cca427",
  name: "\x1b[2Jlap",
  expiresAt: NOON + 1,
};

const tokens = (...all: (typeof gate | typeof laptop)[]) => ({
  "GET /api/tokens": () => ({ body: { tokens: all } }),
});

describe("token create", () => {
  it("prints the token alone on stdout, and where it goes on stderr", async () => {
    await using system = await cannedSystem({
      "POST /api/tokens": () => ({ status: 201, body: { ...gate, token: "dbt_s3cret" } }),
    });
    const { exit, stdout, stderr } = await system.run(["token", "create", "gate"]);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: "dbt_s3cret\n" });
    expect(stderr).toContain("until it is removed");
    expect(stderr).toMatch(/Authorization: Bearer.*DOORBELL_TOKEN/);
    expect(stderr).not.toContain("s3cret");
    expect(system.received[0]?.body.toString()).toBe('{"name":"gate"}');
  });

  it("has the token end after some days, whole ones", async () => {
    await using system = await cannedSystem({
      "POST /api/tokens": () => ({ status: 201, body: { ...laptop, token: "dbt_s3cret" } }),
    });
    const { stdout, stderr } = await system.run(["token", "create", "laptop", "--days", "90", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ ...laptop, token: "dbt_s3cret" });
    expect(stderr).toContain("until 2026-11-2");
    expect(system.received[0]?.body.toString()).toBe('{"name":"laptop","expiresInDays":90}');
    for (const days of ["0", "1.5", "soon", "3651"])
      expect((await system.run(["token", "create", "laptop", "--days", days])).exit).toBe(2);
    expect(system.received).toHaveLength(1);
  });

  it("passes on that there is no owner yet", async () => {
    await using system = await cannedSystem({
      "POST /api/tokens": () => refusal(409, "setup_pending", "create token: there is no owner yet"),
    });
    expect(await system.run(["token", "create", "gate"])).toEqual({
      exit: 3,
      stdout: "",
      stderr: "doorbell: create token: there is no owner yet\n  hint: Look again.\n",
    });
  });
});

describe("token list", () => {
  it("lists them with their ends, safe on a terminal", async () => {
    await using system = await cannedSystem(tokens(gate, laptop));
    const { stdout } = await system.run(["token", "list"]);
    expect(stdout).toMatch(/^ID +NAME +SINCE +ENDS\n/);
    expect(stdout).toMatch(new RegExp(`^${gate.id}  gate +2026-.* never$`, "m"));
    expect(stdout).toMatch(new RegExp(`^${laptop.id}  \\\\u\\{1b\\}\\[2Jlap +2026-.* 2026-`, "m"));
    expect(JSON.parse((await system.run(["token", "list", "--json"])).stdout)).toEqual({
      tokens: [gate, laptop],
    });
  });

  it("offers the first step where there is none", async () => {
    await using system = await cannedSystem(tokens());
    expect((await system.run(["token", "list"])).stdout).toContain("doorbell token create NAME");
  });
});

describe("token remove", () => {
  const DELETE = `DELETE /api/tokens/${gate.id}`;

  it("removes the only one whose id begins so", async () => {
    await using system = await cannedSystem({
      ...tokens(gate, laptop),
      [DELETE]: () => ({ status: 204 }),
    });
    expect(await system.run(["token", "remove", "0199F3C2"])).toEqual({
      exit: 0,
      stdout: "removed gate: it opens nothing any more\n",
      stderr: "",
    });
    expect(system.received.map(({ method }) => method)).toEqual(["GET", "DELETE"]);
  });

  it("removes none where that may be several, none or any", async () => {
    await using system = await cannedSystem(tokens(gate, laptop));
    const several = await system.run(["token", "remove", "0199"]);
    expect(several).toMatchObject({ exit: 3, stderr: expect.stringContaining(`${gate.id}, ${laptop.id}`) });
    expect(await system.run(["token", "remove", "f"])).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("doorbell token list"),
    });
    expect((await system.run(["token", "remove", ""])).exit).toBe(2);
    expect(system.received.every(({ method }) => method === "GET")).toBe(true);
  });
});

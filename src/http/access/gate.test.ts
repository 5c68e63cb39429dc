import { expect, it } from "vitest";
import { route } from "../route.ts";
import { expectProblem, OWNER, type TestServer, testServer } from "../test-server.ts";

const routes = () => [
  route({
    method: "POST",
    path: "/api/change",
    access: "signed-in",
    summary: "for tests",
    handler: ({ principal }) => principal.actor,
  }),
];
const change = (server: TestServer, headers: Record<string, string>) =>
  server.ask("/api/change", { method: "POST", headers });

it("takes a change with a cookie from our own pages alone", async () => {
  await using server = await testServer({ routes, settings: { publicUrl: "http://door.home" } });
  const cookie = await server.signInOwner();
  const own = new URL(server.url).origin;
  for (const headers of [
    { "sec-fetch-site": "same-origin" },
    { origin: own },
    { origin: "http://door.home" },
  ]) {
    expect((await change(server, { cookie, ...headers })).status).toBe(200);
  }
  const foreign = [
    {},
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: own },
    { origin: "https://evil.example" },
    { origin: "null" },
    { referer: own },
  ];
  for (const headers of foreign)
    expectProblem(await change(server, { cookie, ...headers }), 403, "cross_origin");
  expect(
    (await server.ask("/api/session", { headers: { cookie, "sec-fetch-site": "cross-site" } })).status,
  ).toBe(200);
});

it("takes a change with a token from anywhere: no page can send one", async () => {
  await using server = await testServer({ routes });
  await server.signInOwner();
  const authorization = `Bearer ${await server.token()}`;
  expect((await change(server, { authorization, "sec-fetch-site": "cross-site" })).text).toMatch(/^token:/);
  expect((await change(server, { authorization: authorization.replace("Bearer", "bearer") })).status).toBe(
    200,
  );
});

it("does not let another site sign somebody in", async () => {
  await using server = await testServer();
  await server.signInOwner();
  const foreign = { method: "POST", body: OWNER, headers: { origin: "https://evil.example" } };
  expectProblem(await server.ask("/api/sign-in", foreign), 403, "cross_origin");
  expect(server.securityEvents).toEqual([
    { eventType: "cross_origin_request", source: "network", actionTaken: "refused" },
  ]);
});

it("never falls back on the cookie when a token is wrong", async () => {
  await using server = await testServer({ routes });
  const cookie = await server.signInOwner();
  const headers = { cookie, "sec-fetch-site": "same-origin" };
  const secret = cookie.split("=")[1]!;
  for (const authorization of [
    "Bearer dbt_wrong",
    "Basic b2xnYTp4",
    "",
    `Bearer ${secret}`,
    secret,
    `Bearer dbt_${"A".repeat(43)}`,
  ]) {
    expectProblem(await change(server, { ...headers, authorization }), 401, "unauthorised");
  }
  expect(server.securityEvents, "only what looks like a token is a rejected one").toEqual([
    { eventType: "token_rejected", source: "network", actionTaken: "refused" },
  ]);
});

it("does not take a token for a cookie, nor a tampered one", async () => {
  await using server = await testServer();
  const cookie = await server.signInOwner();
  const token = await server.token();
  const last = cookie.at(-1) === "A" ? "B" : "A";
  for (const bad of [
    `doorbell=${token}`,
    cookie.slice(0, -1),
    cookie.slice(0, -1) + last,
    `x${cookie}`,
    "doorbell=",
  ]) {
    expectProblem(await server.ask("/api/session", { headers: { cookie: bad } }), 401, "unauthorised");
  }
  expect((await server.ask("/api/session", { headers: { cookie: `a=b; ${cookie}; c=d` } })).status).toBe(200);
});

it("takes nobody on the network for the local command line, whatever is sent", async () => {
  await using server = await testServer({ routes, settings: { trustedProxies: ["127.0.0.1"] } });
  const claims: Record<string, string>[] = [
    {
      host: "local",
      "x-forwarded-for": "local",
      "x-forwarded-host": "local",
      forwarded: "for=local;by=unix",
    },
    {
      "x-real-ip": "local",
      "x-principal": "local",
      principal: "local",
      authorization: "Bearer local",
      cookie: "doorbell=local",
    },
    { "x-forwarded-for": "", "x-forwarded-proto": "unix", "remote-addr": "unix:" },
  ];
  for (const headers of claims) expectProblem(await change(server, headers), 401, "unauthorised");
  expect((await server.askLocal("/api/change", { method: "POST" })).text).toBe("local");
  const disguised = {
    "x-forwarded-for": "203.0.113.7",
    authorization: "Bearer dbt_wrong",
    "sec-fetch-site": "cross-site",
  };
  expect((await server.askLocal("/api/change", { method: "POST", headers: disguised })).text).toBe("local");
});

it("writes no secret into the log, the audit trail, the bus or the database", async () => {
  await using server = await testServer({ routes });
  const cookie = (await server.signInOwner()).split("=")[1]!;
  const token = await server.token();
  const same = { "sec-fetch-site": "same-origin" };
  await change(server, { cookie: `doorbell=${cookie}`, ...same });
  await change(server, { authorization: `Bearer ${token}` });
  await server.ask(`/api/none?token=${token}&cookie=${cookie}`);
  await server.ask("/api/sign-in", { method: "POST", body: { ...OWNER, extra: 1 } });
  await server.ask("/api/sign-in", { method: "POST", body: { name: OWNER.password, password: OWNER.name } });
  const { read } = server.store.database;
  const tables = [
    "user",
    "session",
    "api_token",
    "setup_link",
    "sign_in_throttle",
    "audit",
    "event",
  ] as const;
  const rows = await Promise.all(tables.map((table) => read.selectFrom(table).selectAll().execute()));
  expect(rows.slice(0, 6).every((table) => table.length > 0)).toBe(true);
  const written = JSON.stringify(rows) + server.logged.join("\n");
  for (const secret of [cookie, token, OWNER.password]) expect(written).not.toContain(secret);
});

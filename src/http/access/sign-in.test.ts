import { expect, it } from "vitest";
import { cookieOf, expectProblem, OWNER, type TestServer, testServer } from "../test-server.ts";
import { createSetupLink } from "./setup.ts";

const MINUTE = 60_000;

const signIn = (server: TestServer, given: object = {}, headers = {}) =>
  server.ask("/api/sign-in", { method: "POST", body: { ...OWNER, ...given }, headers });
const session = (server: TestServer, cookie: string) => server.ask("/api/session", { headers: { cookie } });
const audit = (server: TestServer) =>
  server.store.database.read
    .selectFrom("audit")
    .select(["actor", "action", "subject", "origin", "outcome"])
    .execute();
const link = async (server: TestServer): Promise<string> => {
  const by = { actor: "system", origin: "-", at: server.store.clock.now() };
  return (await createSetupLink(server.store.database, by)).token;
};
const setUp = (server: TestServer, token: string, given: object = {}) =>
  server.ask("/api/setup", { method: "POST", body: { token, ...OWNER, ...given } });

it("sets the owner's password by the link and signs in, once and within the hour", async () => {
  await using server = await testServer();
  const token = await link(server);
  const first = await setUp(server, token);
  expect(first.status).toBe(204);
  expect((await session(server, cookieOf(first))).json).toMatchObject({
    role: "owner",
    user: { name: "Olga" },
  });
  expectProblem(await setUp(server, token), 410, "setup_link_bad");

  const late = await link(server);
  server.store.clock.advance(60 * MINUTE);
  expectProblem(await setUp(server, late), 410, "setup_link_bad");
  const replaced = await link(server);
  await link(server);
  expectProblem(await setUp(server, replaced), 410, "setup_link_bad");
  expectProblem(await setUp(server, "dbl_guessed"), 410, "setup_link_bad");
  expect(server.securityEvents.map(({ eventType }) => eventType)).toEqual(
    Array(4).fill("setup_link_rejected"),
  );
});

it("uses a link once even when it comes twice at the same time", async () => {
  await using server = await testServer();
  const token = await link(server);
  const answers = await Promise.all([setUp(server, token), setUp(server, token, { name: "Mallory" })]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 410]);
  expect(await server.store.database.read.selectFrom("user").select("name").execute()).toHaveLength(1);
});

it("keeps the link when the password is refused", async () => {
  await using server = await testServer();
  const token = await link(server);
  expectProblem(await setUp(server, token, { password: "kurz" }), 422, "password_weak");
  expectProblem(await setUp(server, token, { password: "Password123" }), 422, "password_weak");
  expect((await setUp(server, token)).status).toBe(204);
});

it("gives a forgetful owner a new password from the machine itself, and ends the old sessions", async () => {
  await using server = await testServer();
  const old = await server.signInOwner();
  expect((await session(server, old)).status).toBe(200);
  expectProblem(
    await server.ask("/api/setup-links", {
      method: "POST",
      headers: { authorization: `Bearer ${await server.token()}` },
    }),
    403,
    "forbidden",
  );
  const { json } = await server.askLocal("/api/setup-links", { method: "POST" });
  const renewed = await setUp(server, json.token, { password: "vier Birnen am Zaun" });
  expectProblem(await session(server, old), 401, "unauthorised");
  expect((await session(server, cookieOf(renewed))).status).toBe(200);
  expectProblem(await signIn(server), 401, "sign_in_refused");
  expect((await signIn(server, { password: "vier Birnen am Zaun" })).status).toBe(204);
});

it("answers a wrong name like a wrong password", async () => {
  await using server = await testServer();
  await server.signInOwner();
  const wrongPassword = await signIn(server, { password: "wrong" });
  const wrongName = await signIn(server, { name: "Nobody" });
  expectProblem(wrongPassword, 401, "sign_in_refused");
  expect({ ...wrongName.problem, instance: "" }).toEqual({ ...wrongPassword.problem, instance: "" });
});

it("sets a cookie that scripts cannot read, other sites cannot use, and TLS alone carries where there is TLS", async () => {
  await using plain = await testServer();
  await plain.signInOwner();
  expect((await signIn(plain)).headers["set-cookie"]).toEqual([
    expect.stringMatching(/^doorbell=dbs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/),
  ]);
  await using secure = await testServer({ settings: { publicUrl: "https://door.example.org" } });
  await secure.signInOwner();
  const [cookie] = (await signIn(secure)).headers["set-cookie"]!;
  expect(cookie).toMatch(
    /^__Host-doorbell=dbs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000$/,
  );
  const value = cookie!.split(";")[0]!;
  expect((await session(secure, value)).status).toBe(200);
  expect(
    (await session(secure, value.replace("__Host-", ""))).status,
    "set by a neighbour over plain HTTP",
  ).toBe(401);
});

it("ends a session on sign-out, when idle, and for good after its longest time", async () => {
  await using server = await testServer({ settings: { session: { idleHours: 1, absoluteHours: 3 } } });
  await server.signInOwner();
  const { clock } = server.store;

  const left = cookieOf(await signIn(server));
  expect((await session(server, left)).status).toBe(200);
  const out = await server.ask("/api/sign-out", {
    method: "POST",
    headers: { cookie: left, "sec-fetch-site": "same-origin" },
  });
  expect([out.status, out.headers["set-cookie"]]).toEqual([
    204,
    ["doorbell=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"],
  ]);
  expectProblem(await session(server, left), 401, "unauthorised");

  const idle = cookieOf(await signIn(server));
  const busy = cookieOf(await signIn(server));
  for (let minutes = 0; minutes < 150; minutes += 50) {
    clock.advance(50 * MINUTE);
    expect((await session(server, busy)).status).toBe(200);
  }
  expect((await session(server, idle)).status).toBe(401);
  clock.advance(29 * MINUTE);
  expect((await session(server, busy)).status).toBe(200);
  clock.advance(1 * MINUTE);
  expect((await session(server, busy)).status, "three hours after sign-in").toBe(401);
});

it("notes the use of a session at most once a minute", async () => {
  await using server = await testServer();
  const cookie = await server.signInOwner();
  const lastSeen = async () =>
    (await server.store.database.read.selectFrom("session").select("last_seen_at").executeTakeFirstOrThrow())
      .last_seen_at;
  const start = server.store.clock.now();
  for (const [advance, seen] of [
    [0, 0],
    [59_999, 0],
    [1, 60_000],
    [30_000, 60_000],
    [30_000, 120_000],
  ] as const) {
    server.store.clock.advance(advance);
    await session(server, cookie);
    // Noted beside the answer, not before it.
    await expect.poll(async () => (await lastSeen()) - start).toBe(seen);
  }
});

it("makes guessers wait ever longer, tells them how long, and lets the owner in from the machine", async () => {
  await using server = await testServer();
  await server.signInOwner();
  for (let i = 0; i < 5; i++)
    expectProblem(await signIn(server, { password: `guess ${i}` }), 401, "sign_in_refused");
  const throttled = await signIn(server);
  expectProblem(throttled, 429, "sign_in_throttled");
  expect(throttled.headers["retry-after"]).toBe("1");
  expect((await server.askLocal("/api/sign-in", { method: "POST", body: OWNER })).status).toBe(204);
  expect((await signIn(server)).status, "the address still waits").toBe(429);
  server.store.clock.advance(1_000);
  expectProblem(await signIn(server, { password: "guess 6" }), 401, "sign_in_refused");
  expect((await signIn(server)).headers["retry-after"]).toBe("2");
  server.store.clock.advance(2_000);
  expect((await signIn(server)).status).toBe(204);
  expectProblem(await signIn(server, { password: "forgiven" }), 401, "sign_in_refused");
  expect(server.securityEvents.filter(({ eventType }) => eventType === "sign_in_throttled")).toHaveLength(3);
});

it("writes who signed in, failed and left into the audit trail, by ids", async () => {
  await using server = await testServer();
  const cookie = await server.signInOwner();
  await signIn(server, { password: "wrong" });
  await signIn(server, { name: "Nobody" });
  await server.ask("/api/sign-out", { method: "POST", headers: { cookie, "sec-fetch-site": "same-origin" } });
  const { id } = await server.store.database.read.selectFrom("user").select("id").executeTakeFirstOrThrow();
  const user = `user:${id}`;
  expect((await audit(server)).map((entry) => Object.values(entry))).toEqual([
    ["system", "setup-link.create", "-", "-", "done"],
    [user, "user.set-password", user, "127.0.0.1", "done"],
    ["-", "session.sign-in", user, "127.0.0.1", "refused"],
    ["-", "session.sign-in", "-", "127.0.0.1", "refused"],
    [user, "session.sign-out", user, "127.0.0.1", "done"],
  ]);
});

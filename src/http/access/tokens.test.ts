import { expect, it } from "vitest";
import { openSqlite } from "../../storage/sqlite/sqlite-database.ts";
import { expectProblem, type TestServer, testServer } from "../test-server.ts";
import { hashOfSecret, newSecret, TOKEN } from "./secret.ts";
import { revokeToken } from "./tokens.ts";

const DAY = 86_400_000;
const me = (server: TestServer, token: string) =>
  server.ask("/api/session", { headers: { authorization: `Bearer ${token}` } });

/** Makes the owner, and waits until that was forgotten twice: at once, and when the bus says so, too. */
async function settledOwner({ access, signInOwner }: TestServer): Promise<void> {
  const twice = Promise.withResolvers<void>();
  let times = 0;
  const stop = access.callers.onForget(() => {
    times += 1;
    if (times === 2) twice.resolve();
  });
  await signInOwner();
  await twice.promise;
  stop();
}

it("shows a token once, lists it without its secret, and ends it for good", async () => {
  await using server = await testServer();
  const headers = { cookie: await server.signInOwner(), "sec-fetch-site": "same-origin" };
  const made = await server.ask("/api/tokens", {
    method: "POST",
    headers,
    body: { name: "gate", expiresInDays: 30 },
  });
  expect(made.status).toBe(201);
  const { token, ...listed } = made.json;
  expect(token).toMatch(/^dbt_[\w-]{43}$/);
  expect(listed).toMatchObject({ name: "gate", expiresAt: server.store.clock.now() + 30 * DAY });
  expect((await server.ask("/api/tokens", { headers })).json).toEqual({ tokens: [listed] });
  expect((await me(server, token)).json).toMatchObject({
    kind: "token",
    role: "owner",
    user: { name: "Olga" },
  });

  expect((await server.ask(`/api/tokens/${listed.id}`, { method: "DELETE", headers })).status).toBe(204);
  expectProblem(await me(server, token), 401, "unauthorised");
  expectProblem(
    await server.ask(`/api/tokens/${listed.id}`, { method: "DELETE", headers }),
    404,
    "not_found",
  );
  expect((await server.ask("/api/tokens", { headers })).json).toEqual({ tokens: [] });
  const audit = await server.store.database.read.selectFrom("audit").select(["action", "subject"]).execute();
  expect(audit.slice(-2)).toEqual([
    { action: "token.create", subject: `token:${listed.id}` },
    { action: "token.revoke", subject: `token:${listed.id}` },
  ]);
});

it("ends a token on its day, even while it is in use", async () => {
  await using server = await testServer();
  await server.signInOwner();
  const { json } = await server.askLocal("/api/tokens", {
    method: "POST",
    body: { name: "a", expiresInDays: 1 },
  });
  server.store.clock.advance(DAY - 1);
  expect((await me(server, json.token)).status).toBe(200);
  server.store.clock.advance(1);
  expectProblem(await me(server, json.token), 401, "unauthorised");
});

it("lets no token make, list or revoke tokens", async () => {
  await using server = await testServer();
  await server.signInOwner();
  const headers = { authorization: `Bearer ${await server.token()}` };
  const id = "1b4e28ba-2fa1-71d2-883f-0016d3cca427";
  expectProblem(
    await server.ask("/api/tokens", { method: "POST", headers, body: { name: "more" } }),
    403,
    "forbidden",
  );
  expectProblem(await server.ask("/api/tokens", { headers }), 403, "forbidden");
  expectProblem(await server.ask(`/api/tokens/${id}`, { method: "DELETE", headers }), 403, "forbidden");
});

it("has no token before there is an owner to answer for it", async () => {
  await using server = await testServer();
  expectProblem(
    await server.askLocal("/api/tokens", { method: "POST", body: { name: "early" } }),
    409,
    "setup_pending",
  );
});

it("forgets a token that another process has revoked", async () => {
  await using server = await testServer();
  await settledOwner(server);
  const token = await server.token();
  expect((await me(server, token)).status).toBe(200);
  const forgotten = Promise.withResolvers<void>();
  server.access.callers.onForget(forgotten.resolve);

  const other = openSqlite({ path: server.store.path, writer: "inline" });
  const { id } = await other.read.selectFrom("api_token").select("id").executeTakeFirstOrThrow();
  const by = { actor: "local", origin: "local", at: server.store.clock.now() };
  expect(await other.write(revokeToken, { id, userId: null, by })).toBe(true);
  await other.close();
  await forgotten.promise;
  expectProblem(await me(server, token), 401, "unauthorised");
});

it("asks the database once a minute for a token in use", async () => {
  await using server = await testServer();
  await settledOwner(server);
  const token = await server.token();
  const { callers } = server.access;
  expect(callers.known(token)).toBeUndefined();
  await me(server, token);
  expect(callers.known(token)).toMatchObject({ kind: "token" });
  server.store.clock.advance(59_999);
  expect(callers.known(token)).toBeDefined();
  server.store.clock.advance(1);
  expect(callers.known(token)).toBeUndefined();
});

it("does not remember what was revoked while it was looked up", async () => {
  await using server = await testServer();
  await settledOwner(server);
  const token = await server.token();
  const { callers } = server.access;
  const looking = callers.find(token);
  callers.forget();
  expect(await looking).toMatchObject({ kind: "token" });
  expect(callers.known(token)).toBeUndefined();
});

it("remembers a thousand callers and no more", async () => {
  await using server = await testServer();
  await settledOwner(server);
  const { database, clock } = server.store;
  const { id: userId } = await database.read.selectFrom("user").select("id").executeTakeFirstOrThrow();
  const secrets = Array.from({ length: 1_001 }, () => newSecret(TOKEN));
  const rows = secrets.map((secret, i) => ({
    id: `${i}`,
    name: "",
    hash: hashOfSecret(secret),
    user_id: userId,
    created_at: clock.now(),
    expires_at: null,
  }));
  await database.write(
    { name: "t", run: (tx) => tx.insertInto("api_token").values(rows).execute() },
    undefined,
  );
  const { callers } = server.access;
  for (const secret of secrets) await callers.find(secret);
  expect(secrets.filter((secret) => callers.known(secret) !== undefined)).toEqual(secrets.slice(1));
});

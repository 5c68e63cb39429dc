import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { isDeeperThan, readUpload } from "./bodies.ts";
import { route } from "./route.ts";
import { expectProblem, testServer } from "./test-server.ts";

it("takes photos raw or as a form where a route wants them, and 415 elsewhere", async () => {
  await using server = await testServer({
    settings: { uploadMaxBytes: 2_000 },
    routes: () => [
      route({
        method: "POST",
        path: "/api/photo",
        access: "open",
        summary: "for tests",
        upload: true,
        async handler(request) {
          const upload = await readUpload(request);
          if (!upload) return request.body;
          return { size: upload.bytes.length, type: upload.mediaType, fields: [...upload.fields] };
        },
      }),
      route({ method: "POST", path: "/api/json", access: "open", summary: "for tests", handler: () => "" }),
    ],
  });
  const post = (path: string, type: string, body: Uint8Array | string) =>
    server.ask(path, { method: "POST", headers: { "content-type": type }, body });
  const form = (bytes: number, field = "name"): string =>
    `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\nOlga\r\n--b\r\nContent-Disposition: form-data; name="photo"; filename="../../etc/passwd"\r\nContent-Type: image/png\r\n\r\n${"x".repeat(bytes)}\r\n--b--\r\n`;
  const multipart = "multipart/form-data; boundary=b";

  expect((await post("/api/photo", "image/jpeg", new Uint8Array(2_000))).json).toEqual({
    size: 2_000,
    type: "image/jpeg",
    fields: [],
  });
  expect((await post("/api/photo", multipart, form(10))).json).toEqual({
    size: 10,
    type: "image/png",
    fields: [["name", "Olga"]],
  });
  expect((await post("/api/photo", "application/x-www-form-urlencoded", "a=1&b=%C3%A4")).json).toEqual({
    a: "1",
    b: "ä",
  });
  expect((await post("/api/photo", "application/json", '{"a":1}')).json).toEqual({ a: 1 });
  expectProblem(await post("/api/photo", "image/jpeg", new Uint8Array(2_001)), 413, "body_too_large");
  expectProblem(await post("/api/photo", multipart, form(2_001)), 413, "body_too_large");
  // Its sender is still sending when it is refused, and reads why all the same.
  for (let again = 0; again < 5; again++) {
    expectProblem(await post("/api/photo", "image/jpeg", new Uint8Array(50_000_000)), 413, "body_too_large");
  }
  expectProblem(
    await post("/api/photo", multipart, form(10).replace('name="photo"', 'name="__proto__"')),
    400,
    "request_malformed",
  );
  for (const broken of [form(10).slice(0, -9), form(10).replaceAll("--b", "--c"), "{}"]) {
    expectProblem(await post("/api/photo", multipart, broken), 400, "request_malformed");
  }
  expectProblem(await post("/api/photo", "multipart/form-data", form(10)), 400, "request_malformed");
  // Other pictures come through, for the handler to say what is wrong with them.
  expect((await post("/api/photo", "IMAGE/heic", "x")).json).toMatchObject({ size: 1 });
  expectProblem(await post("/api/photo", "video/mp4", "x"), 415, "media_type_unsupported");
  for (const type of [
    "image/jpeg",
    multipart,
    "text/plain",
    "application/x-www-form-urlencoded",
    "no type",
  ]) {
    expectProblem(await post("/api/json", type, form(10)), 415, "media_type_unsupported");
  }
});

it("refuses JSON that is too large, too deep, malformed, or reaches for a prototype", async () => {
  const body = z.record(z.string(), z.unknown());
  await using server = await testServer({
    routes: () => [
      route({
        method: "POST",
        path: "/api/json",
        access: "open",
        summary: "for tests",
        body,
        handler: () => "ok",
      }),
    ],
  });
  const post = (json: string) =>
    server.ask("/api/json", { method: "POST", headers: { "content-type": "application/json" }, body: json });

  expect((await post(`{"a":${"[".repeat(31)}${"]".repeat(31)}}`)).status).toBe(200);
  expect((await post(`{"a":"${"[".repeat(100)}\\""}`)).status).toBe(200);
  expectProblem(await post(`{"a":${"[".repeat(32)}${"]".repeat(32)}}`), 400, "body_too_deep");
  expectProblem(await post("[".repeat(200_000)), 400, "body_too_deep");
  expectProblem(await post("[".repeat(1_000_000)), 413, "body_too_large");
  for (const poison of [
    '{"__proto__":{"a":1}}',
    '{"a":{"constructor":{"prototype":{"b":1}}}}',
    '{"\\u005f_proto__":1}',
  ]) {
    expectProblem(await post(poison), 400, "request_malformed");
  }
  for (const broken of ["", "{", "nul", '{"a":1}}', "\u0000"])
    expectProblem(await post(broken), 400, "request_malformed");
  expect(({} as Record<string, unknown>).a).toBeUndefined();
});

it("counts the depth of any JSON as a parser would", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }), fc.nat(6), (value, limit) => {
      expect(isDeeperThan(JSON.stringify(value), limit)).toBe(depthOf(value) > limit);
    }),
  );
});

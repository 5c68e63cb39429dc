import { expect, it } from "vitest";
import type { RouteDefinition } from "../http/route.ts";
import { testServer } from "../http/test-server.ts";
import { sniffPhoto } from "./recognition/photo-format.ts";
import { type DoorbellRoutesDeps, doorbellRoutes } from "./routes.ts";

/** Every route of the product; none is to get further than looking at a photo. */
const routes = (): RouteDefinition[] =>
  doorbellRoutes({
    doors: () => [{ id: "front", name: "Front", camera: "none" }],
    scenes: [],
    checkPhoto: async (bytes: Uint8Array) => ({ mediaType: sniffPhoto(bytes) }),
  } as unknown as DoorbellRoutesDeps);

it("describes itself whole: every name resolves, and each operation says what goes in and out", async () => {
  await using server = await testServer({ routes });
  const { json, text } = await server.askLocal("/api/openapi.json");
  const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name!);
  expect(names).toContain("#/components/schemas/Visit");
  expect(Object.keys(json.components.schemas)).not.toContain("VisitInput");
  for (const name of names) {
    expect(json.components.schemas[name.replace("#/components/schemas/", "")], name).toBeDefined();
  }

  // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document is looked into by path
  const operations = Object.entries<Record<string, any>>(json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
  expect(operations.map(({ name }) => name).sort()).toEqual(
    server.server.routes
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`)
      .sort(),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(ids).toContain("postDoorsByDoorPress");
  expect(new Set(ids).size).toBe(ids.length);
  const asksNothing = /(setup-links|sign-out|acknowledge|acknowledge\/\{token\}|not-this-person)$/;
  for (const { name, operation } of operations) {
    expect(operation.operationId, name).toMatch(/^[a-z]+[A-Z]\w*$/);
    expect(operation.summary, name).toBeTruthy();
    expect(
      Object.keys(operation.responses).filter((status) => status.startsWith("2")),
      name,
    ).not.toEqual([]);
    const takesInput = /^(post|patch) /.test(name) && !asksNothing.test(name);
    expect(Object.keys(operation.requestBody?.content ?? {}).length > 0, name).toBe(takesInput);
  }
});

it("describes presses, pictures and streams by their media types and headers", async () => {
  await using server = await testServer({ routes });
  const { paths } = (await server.askLocal("/api/openapi.json")).json;
  const headersOf = (operation: { parameters: { in: string; name: string }[] }) =>
    operation.parameters.filter((one) => one.in === "header");
  for (const path of ["/api/doors/{door}/press", "/api/doorbell/press"]) {
    expect(Object.keys(paths[path].post.requestBody.content)).toEqual([
      "application/json",
      "image/jpeg",
      "image/png",
      "image/webp",
      "image/avif",
      "multipart/form-data",
    ]);
    expect(headersOf(paths[path].post)).toMatchObject([
      { name: "Idempotency-Key", schema: { type: "string" } },
    ]);
  }
  const form = paths["/api/people"].post.requestBody.content["multipart/form-data"].schema;
  expect(form.properties.photo).toMatchObject({ type: "string", format: "binary" });
  expect(form.required).toEqual(["name", "photo"]);
  const stream = paths["/api/visits/stream"].get;
  expect(headersOf(stream)).toMatchObject([{ name: "Last-Event-ID" }]);
  expect(Object.keys(stream.responses[200].content)).toEqual(["text/event-stream"]);
  expect(Object.keys(paths["/api/captures/{id}"].get.responses[200].content)).toEqual(["image/*"]);
});

it("tells the sender of a HEIC picture how to switch to JPEG, whichever way it is sent", async () => {
  await using server = await testServer({ routes });
  const body = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  for (const type of ["image/heic", "image/heif", "image/jpeg"]) {
    const answer = await server.askLocal("/api/doors/front/press", {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    expect(answer).toMatchObject({ status: 415, problem: { code: "heic" } });
    expect(answer.problem.hint).toContain("Most Compatible");
  }
});

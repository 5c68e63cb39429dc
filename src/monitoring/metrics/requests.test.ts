import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import Fastify from "fastify";
import { afterEach, expect, it } from "vitest";
import { createMetrics } from "./registry.ts";
import { measureRequests } from "./requests.ts";

const metrics = createMetrics({ role: "web", instance: "w" });
const app = Fastify();
afterEach(() => app.close());

it("counts every request under its route, also those that fail, find nothing or are given up", async () => {
  measureRequests(app, metrics);
  app.get("/api/visits/:id", async () => "here");
  app.get("/api/broken", () => Promise.reject(new Error("broken")));
  const begun = new Promise<ServerResponse>((resolve) => {
    app.get("/api/slow", (_, reply) => resolve(reply.raw));
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  const ask = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });

  for (const path of ["/api/visits/7?token=x", "/api/visits/8", "/api/broken", "/etc/passwd"])
    await ask(path);
  await ask("/api/visits/7", "DELETE");
  const client = connect(port, "127.0.0.1");
  client.write("GET /api/slow HTTP/1.1\r\nhost: x\r\n\r\n");
  const slow = await begun;
  client.destroy();
  await once(slow, "close");
  await app.close();

  const counts = (await metrics.exposition()).matchAll(
    /^http_request_duration_seconds_count\{(.*)\} (\d+)$/gm,
  );
  expect(
    [...counts].map(([, labels, count]) => `${labels} ${count}`.replace('instance="w",', "")).sort(),
  ).toEqual([
    'route="/api/broken",method="GET",status_class="5xx" 1',
    'route="/api/slow",method="GET",status_class="4xx" 1',
    'route="/api/visits/:id",method="GET",status_class="2xx" 2',
    'route="unmatched",method="DELETE",status_class="4xx" 1',
    'route="unmatched",method="GET",status_class="4xx" 1',
  ]);
});

import { z } from "zod";
import { originOf } from "../../http/access/gate.ts";
import { HttpError } from "../../http/problem.ts";
import { type RouteDefinition, route } from "../../http/route.ts";
import type { Clock } from "../../lib/clock.ts";
import { acknowledgeVisit } from "../../notifications/acknowledge.ts";
import { readAcknowledgeToken } from "../../notifications/acknowledge-link.ts";
import type { Database } from "../../storage/database.ts";

/** What the signed links need. */
export interface AcknowledgeRoutesDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Key of the links, 32 bytes. */
  readonly acknowledgeKey: Uint8Array;
}

const byToken = z.object({ token: z.string().max(200) });

/**
 * The link in a message: without a login it acknowledges one visit. Following it only asks (mail programs
 * follow links by themselves); the button's POST acknowledges.
 */
export function acknowledgeRoutes({
  database,
  clock,
  acknowledgeKey,
}: AcknowledgeRoutesDeps): RouteDefinition[] {
  const visitOf = (token: string): string => {
    const read = readAcknowledgeToken(acknowledgeKey, token, clock.now());
    if (read.verdict === "valid") return read.visitId;
    throw new HttpError(`acknowledge: the link is ${read.verdict}`, {
      code: "acknowledge_link_bad",
      hint: "Open the page of the doorbell and acknowledge there.",
    });
  };
  return [
    route({
      method: "GET",
      path: "/acknowledge/:token",
      access: "open",
      summary: "Asks whether a visit is to be acknowledged",
      params: byToken,
      produces: { "text/html": z.string() },
      handler({ params: { token } }, reply) {
        visitOf(token);
        return reply
          .type("text/html; charset=utf-8")
          .send(page(`<form method="post"><button>Seen it</button></form>`));
      },
    }),
    route({
      method: "POST",
      path: "/acknowledge/:token",
      access: "open",
      upload: true,
      summary: "Acknowledges a visit by its signed link",
      params: byToken,
      produces: { "text/html": z.string() },
      async handler(request, reply) {
        const visitId = visitOf(request.params.token);
        const by = { actor: "acknowledge-link", origin: originOf(request), at: clock.now() };
        await database.write(acknowledgeVisit, { visitId, ...by });
        return reply.type("text/html; charset=utf-8").send(page("<p>Seen. Nobody else is told of it.</p>"));
      },
    }),
  ];
}

function page(body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Doorbell</title><body>${body}</body></html>`;
}

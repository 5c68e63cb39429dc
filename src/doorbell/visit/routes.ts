import { z } from "zod";
import { byOf } from "../../http/access/gate.ts";
import { type EventStreams, streamDescription, streamQuery } from "../../http/event-stream.ts";
import { HttpError } from "../../http/problem.ts";
import { type RouteDefinition, route } from "../../http/route.ts";
import type { Clock } from "../../lib/clock.ts";
import { acknowledgeVisit } from "../../notifications/acknowledge.ts";
import type { Database } from "../../storage/database.ts";
import type { SequencedEvent } from "../../storage/events.ts";
import type { Vault } from "../../storage/vault.ts";
import { visitPage, visitView } from "../api.ts";
import type { People } from "../people/people.ts";
import { type ViewDeps, viewVisit } from "./view.ts";
import { findVisit, listVisits } from "./visits.ts";

/** What the routes of visits need. */
export interface VisitRoutesDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly people: People;
  readonly streams: EventStreams;
  readonly view: ViewDeps;
}

const byId = z.object({ id: z.uuid() });
const pageQuery = z.strictObject({
  before: z.uuid().optional().describe("`next` of the page before."),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  door: z.string().max(40).optional(),
  outcome: visitView.shape.outcome.unwrap().optional(),
  person: z.uuid().optional(),
});

/** Visits: list, one, live, their pictures, acknowledgement and correction. */
export function visitRoutes(deps: VisitRoutesDeps): RouteDefinition[] {
  const { database, vault, clock, people, streams, view } = deps;
  const read = async (id: string) => {
    const detail = await findVisit(database, id);
    if (!detail) throw notFound("visit", id);
    return viewVisit(detail, view);
  };

  return [
    route({
      method: "GET",
      path: "/api/visits",
      access: "signed-in",
      summary: "Lists visits, newest first",
      query: pageQuery,
      answers: { 200: visitPage },
      async handler({ query }) {
        const found = await listVisits(database, query);
        const visits = await Promise.all(found.map((detail) => viewVisit(detail, view)));
        return { visits, next: visits.length === query.limit ? visits.at(-1)!.id : null };
      },
    }),
    route({
      method: "GET",
      path: "/api/visits/stream",
      access: "signed-in",
      summary: "Server-sent events of visits and their deliveries, resumed by Last-Event-ID",
      query: streamQuery,
      ...streamDescription,
      handler: (request, reply) => streams.send(request, reply, { render: visitEvent }),
    }),
    route({
      method: "GET",
      path: "/api/visits/:id",
      access: "signed-in",
      summary: "Tells one visit",
      params: byId,
      answers: { 200: visitView },
      handler: ({ params }) => read(params.id),
    }),
    route({
      method: "POST",
      path: "/api/visits/:id/acknowledge",
      access: "signed-in",
      summary: "Says that somebody has seen it: what waits to tell of it is cancelled",
      params: byId,
      answers: { 200: visitView },
      async handler(request) {
        const { id } = request.params;
        await database.write(acknowledgeVisit, { visitId: id, ...byOf(request, clock.now()) });
        return read(id);
      },
    }),
    route({
      method: "POST",
      path: "/api/visits/:id/faces/:faceId/not-this-person",
      access: "signed-in",
      summary: "Says that a face was taken for the wrong person; it counts from then on",
      params: z.object({ id: z.uuid(), faceId: z.uuid() }),
      answers: { 200: visitView },
      async handler(request) {
        const { id, faceId } = request.params;
        await people.correct(id, faceId, byOf(request, clock.now()));
        return read(id);
      },
    }),
    route({
      method: "GET",
      path: "/api/captures/:id",
      access: "signed-in",
      summary: "A picture of a visit",
      params: byId,
      produces: { "image/*": z.file() },
      async handler({ params: { id } }, reply) {
        const capture = await database.read
          .selectFrom("capture")
          .select(["visit_id", "media_type"])
          .where("id", "=", id)
          .executeTakeFirst();
        const bytes = capture && (await vault.get({ owner: { kind: "visit", id: capture.visit_id }, id }));
        if (!bytes) throw notFound("capture", id);
        // A capture never changes, but may be erased: it stays with this browser, and not for long.
        return reply.type(capture.media_type).header("cache-control", "private, max-age=300").send(bytes);
      },
    }),
  ];
}

/** The page reads anew what an event names: the event itself says only that and which. */
function visitEvent(event: SequencedEvent): unknown {
  if (event.kind.startsWith("visit.")) return { visitId: event.subject };
  const { visitId } = event.payload as { visitId?: string | null };
  return event.kind.startsWith("delivery.") && visitId ? { visitId } : undefined;
}

function notFound(what: string, id: string): HttpError {
  return new HttpError(`find ${what} ${id}: there is none`, {
    code: "not_found",
    hint: "It may have been erased, or its retention has ended.",
  });
}

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { byOf } from "../../http/access/gate.ts";
import { photo, readUpload } from "../../http/bodies.ts";
import { HttpError } from "../../http/problem.ts";
import { type RouteDefinition, route } from "../../http/route.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Vault } from "../../storage/vault.ts";
import { enrolmentAnswer, personView } from "../api.ts";
import type { PhotoFacts } from "../recognition/photo.ts";
import type { By } from "./library.ts";
import { type EnrolmentResult, type FaceGiven, type People, PeopleError, type Person } from "./people.ts";

/** What the routes of people need. */
export interface PeopleRoutesDeps {
  readonly people: People;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Refuses a photo that is none, too large, or broken, before it is kept. @throws PhotoError */
  readonly checkPhoto: (bytes: Uint8Array) => Promise<Pick<PhotoFacts, "mediaType">>;
}

const byId = z.object({ id: z.uuid() });
const name = z
  .string()
  .trim()
  .min(1, { error: "give a name" })
  .max(200, { error: "at most 200 characters" })
  // Any script; only what could steer a terminal or a mail is left out.
  .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]+$/u, { error: "no control characters" })
  .regex(/[\p{L}\p{N}\p{P}\p{S}]/u, { error: "at least one character that can be seen" });
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
const newPerson = z.strictObject({ name, watchlisted: flag.default(false), faceId: z.uuid().optional() });
const newFace = z.strictObject({ faceId: z.uuid().optional() });

/** The library of faces: list, enrol from a photo or from a face of a past visit, watchlist, remove. */
export function peopleRoutes({ people, vault, clock, checkPhoto }: PeopleRoutesDeps): RouteDefinition[] {
  /** The fields and the face of a request, whichever way it was sent. */
  async function readFace<S extends z.ZodType<{ faceId?: string | undefined }>>(
    request: FastifyRequest,
    fields: S,
  ): Promise<{ given: z.output<S>; face: FaceGiven | undefined }> {
    const upload = await readUpload(request);
    if (upload) {
      await checkPhoto(upload.bytes);
      return {
        given: parse(fields, Object.fromEntries(upload.fields)),
        face: { kind: "photo", bytes: upload.bytes },
      };
    }
    const given = parse(fields, request.body ?? {});
    return { given, face: given.faceId ? { kind: "face", faceId: given.faceId } : undefined };
  }

  async function enrol(personId: string, face: FaceGiven, by: By) {
    const result = await people.enrol(personId, face, by);
    if (result.status === "refused") throw refusal(result);
    return { personId, enrolmentId: result.enrolmentId, status: result.status };
  }

  return [
    route({
      method: "GET",
      path: "/api/people",
      access: "signed-in",
      summary: "Lists the people of the library",
      answers: { 200: z.object({ people: z.array(personView) }) },
      handler: async () => ({ people: (await people.list()).map(viewPerson) }),
    }),
    route({
      method: "POST",
      path: "/api/people",
      access: "signed-in",
      upload: true,
      summary:
        "Adds a person with a photo (form: name, watchlisted, photo) or with a face of a past visit (JSON: name, watchlisted, faceId)",
      consumes: {
        "application/json": newPerson.required({ faceId: true }),
        "multipart/form-data": newPerson.omit({ faceId: true }).extend({ photo: z.file() }),
      },
      answers: { 201: enrolmentAnswer, 202: enrolmentAnswer },
      async handler(request, reply) {
        const by = byOf(request, clock.now());
        const { given, face } = await readFace(request, newPerson);
        if (!face) throw noFace();
        const personId = await people.create(given, by);
        try {
          const answer = await enrol(personId, face, by);
          return reply.code(answer.status === "enrolled" ? 201 : 202).send(answer);
        } catch (error) {
          // Nobody asked for a person without a face.
          if (error instanceof PeopleError) await people.remove(personId, by);
          throw error;
        }
      },
    }),
    route({
      method: "POST",
      path: "/api/people/:id/photos",
      access: "signed-in",
      upload: true,
      summary: "Adds a photo (form: photo) or a face of a past visit (JSON: faceId) to a person",
      params: byId,
      consumes: { "application/json": newFace.required(), ...photo },
      answers: { 201: enrolmentAnswer, 202: enrolmentAnswer },
      async handler(request, reply) {
        const { id } = request.params;
        if (!(await people.find(id))) throw notFound(id);
        const { face } = await readFace(request, newFace);
        if (!face) throw noFace();
        const answer = await enrol(id, face, byOf(request, clock.now()));
        return reply.code(answer.status === "enrolled" ? 201 : 202).send(answer);
      },
    }),
    route({
      method: "PATCH",
      path: "/api/people/:id",
      access: "signed-in",
      summary: "Puts a person on the watchlist, or takes them off",
      params: byId,
      body: z.strictObject({ watchlisted: z.boolean() }),
      answers: { 200: personView },
      async handler(request) {
        const { id } = request.params;
        const { watchlisted } = request.body;
        if (!(await people.setWatchlisted(id, watchlisted, byOf(request, clock.now())))) throw notFound(id);
        return viewPerson((await people.find(id))!);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/people/:id",
      access: "signed-in",
      summary: "Removes a person and destroys the key of all that was held on them",
      params: byId,
      answers: { 204: z.null() },
      async handler(request, reply) {
        const { id } = request.params;
        if (!(await people.remove(id, byOf(request, clock.now())))) throw notFound(id);
        return reply.code(204).send();
      },
    }),
    route({
      method: "GET",
      path: "/api/people/:id/portrait",
      access: "signed-in",
      summary: "The newest photo that a person was enrolled with",
      params: byId,
      produces: { "image/*": z.file() },
      async handler({ params: { id } }, reply) {
        const photo = await people.portraitOf(id);
        const bytes = photo && (await vault.get({ owner: { kind: "person", id }, id: photo }));
        if (!bytes) throw notFound(id);
        const { mediaType } = await checkPhoto(bytes);
        return reply.type(mediaType).header("cache-control", "private, max-age=300").send(bytes);
      },
    }),
  ];
}

function viewPerson({ portrait, ...person }: Person) {
  return { ...person, portrait: portrait ? `/api/people/${person.id}/portrait` : null };
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const { data, error } = schema.safeParse(value);
  if (!error) return data;
  const errors = error.issues.map(({ path, message }) => ({
    in: "body",
    field: path.join("."),
    detail: message,
  }));
  throw new HttpError(`read body: ${errors[0]!.field || "all of it"}: ${errors[0]!.detail}`, {
    code: "request_invalid",
    hint: "Correct the fields named under `errors`.",
    errors,
  });
}

function refusal({ code, message, hint }: Extract<EnrolmentResult, { status: "refused" }>): PeopleError {
  return new PeopleError(message, { code, hint });
}

function noFace(): HttpError {
  return new HttpError("read body: neither a photo nor a faceId", {
    code: "request_invalid",
    hint: "Send a form with the file `photo`, or JSON with the `faceId` of a past visit's face.",
    errors: [{ in: "body", field: "photo", detail: "is missing" }],
  });
}

function notFound(id: string): PeopleError {
  return new PeopleError(`find person ${id}: there is none`, {
    code: "not_found",
    hint: "They may have been removed meanwhile.",
  });
}

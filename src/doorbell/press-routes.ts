import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { photo, readUpload } from "../http/bodies.ts";
import { idempotencyHeaders, idempotencyKey, requestHash } from "../http/idempotency.ts";
import { HttpError } from "../http/problem.ts";
import { type RouteDefinition, route } from "../http/route.ts";
import type { Clock } from "../lib/clock.ts";
import { doorView, pressAnswer } from "./api.ts";
import type { HttpTrigger } from "./hardware/triggers/http.ts";
import type { PressReceipt } from "./hardware/triggers/trigger.ts";
import type { PhotoFacts } from "./recognition/photo.ts";

/** A door as the routes know it. */
export interface RoutedDoor {
  readonly id: string;
  readonly name: string;
  /** The camera's driver. */
  readonly camera: string;
}

/** What the routes of doors need. */
export interface PressRoutesDeps {
  readonly trigger: HttpTrigger;
  readonly clock: Clock;
  readonly doors: () => readonly RoutedDoor[];
  /** Scenes that a press at a demonstration door may ask for. */
  readonly scenes: readonly { readonly id: string; readonly description: string }[];
  /** Refuses a photo that is none, too large, or broken, before there is a visit. @throws PhotoError */
  readonly checkPhoto: (bytes: Uint8Array) => Promise<Pick<PhotoFacts, "mediaType">>;
  /** Told of each press and how long it took to be durable, s. */
  readonly onPress: (
    source: "http" | "page" | "cli",
    status: PressReceipt["status"] | "failed",
    seconds: number,
  ) => void;
}

const asked = z.strictObject({
  button: z.string().max(40).optional().describe("Which button, where the door has several."),
  scene: z.string().max(40).optional().describe("What a demonstration camera shall show."),
});
const SOURCES = { local: "cli", session: "page", token: "http", anonymous: "http" } as const;

/** Doors, and the press: the one route that must never be slow. */
export function pressRoutes(deps: PressRoutesDeps): RouteDefinition[] {
  async function press(doorId: string, request: FastifyRequest, reply: FastifyReply): Promise<PressReceipt> {
    const door = deps.doors().find(({ id }) => id === doorId);
    if (!door) throw noDoor(doorId);
    const upload = await readUpload(request);
    const frame = upload && {
      bytes: upload.bytes,
      mediaType: (await deps.checkPhoto(upload.bytes)).mediaType,
      takenAt: deps.clock.now(),
    };
    const body = upload ? {} : readAsked(request.body, door, deps.scenes);
    const name = idempotencyKey(request.headers);
    const key = name && {
      name,
      request: requestHash({ method: "POST", path: doorId, body: upload?.bytes ?? body }),
    };
    const source = SOURCES[request.principal.kind];
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1_000;
    try {
      const receipt = await deps.trigger.press({
        doorId,
        source,
        ...body,
        ...(key && { key }),
        ...(frame && { frame }),
      });
      deps.onPress(source, receipt.status, seconds());
      reply.code(202);
      return receipt;
    } catch (error) {
      deps.onPress(source, "failed", seconds());
      throw error;
    }
  }

  const described = {
    consumes: { "application/json": asked, ...photo },
    headers: idempotencyHeaders,
    answers: { 202: pressAnswer },
  };
  return [
    route({
      method: "GET",
      path: "/api/doors",
      access: "signed-in",
      summary: "Lists the doors",
      answers: { 200: z.object({ doors: z.array(doorView) }) },
      handler: () => ({
        doors: deps
          .doors()
          .map((door) => ({ ...door, scenes: door.camera === "demonstration" ? deps.scenes : [] })),
      }),
    }),
    route({
      method: "POST",
      path: "/api/doors/:door/press",
      access: "signed-in",
      upload: true,
      summary: "Somebody is at the door: JSON, or a picture of them; Idempotency-Key makes it safe to repeat",
      params: z.object({ door: z.string().max(40) }),
      ...described,
      handler: (request, reply) => press(request.params.door, request, reply),
    }),
    route({
      method: "POST",
      path: "/api/doorbell/press",
      access: "signed-in",
      upload: true,
      summary: "The same at the only door",
      ...described,
      handler(request, reply) {
        const [door, ...others] = deps.doors();
        if (!door || others.length > 0) throw whichDoor();
        return press(door.id, request, reply);
      },
    }),
  ];
}

function readAsked(body: unknown, door: RoutedDoor, scenes: PressRoutesDeps["scenes"]) {
  const { data, error } = asked.safeParse(body ?? {});
  if (error) {
    const errors = error.issues.map(({ path, message }) => ({
      in: "body",
      field: path.join("."),
      detail: message,
    }));
    throw invalid(`read body: ${errors[0]!.field || "all of it"}: ${errors[0]!.detail}`, errors);
  }
  const known = door.camera === "demonstration" && scenes.some(({ id }) => id === data.scene);
  if (data.scene !== undefined && !known) {
    const detail = "is no scene of this door";
    throw invalid(`press at ${door.id}: scene ${detail}`, [{ in: "body", field: "scene", detail }]);
  }
  return {
    ...(data.button !== undefined && { button: data.button }),
    ...(data.scene !== undefined && { scene: data.scene }),
  };
}

function invalid(message: string, errors: { in: string; field: string; detail: string }[]): HttpError {
  return new HttpError(message, {
    code: "request_invalid",
    hint: "Correct the fields named under `errors`; `GET /api/doors` lists doors and scenes.",
    errors,
  });
}

function noDoor(id: string): HttpError {
  return new HttpError(`press at ${id}: there is no such door`, {
    code: "not_found",
    hint: "`GET /api/doors` lists the doors; they stand under `doors` in the configuration.",
  });
}

function whichDoor(): HttpError {
  return new HttpError("press: there is more than one door", {
    code: "request_invalid",
    hint: "Say which one: POST /api/doors/DOOR/press.",
  });
}

import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { messageOf } from "../lib/errors.ts";
import { HttpError } from "./problem.ts";
import type { Content } from "./route.ts";

const DEEPEST_JSON = 32;

/** Lets in JSON alone: nested at most 32 deep, and with no key that could change an object's prototype. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (isDeeperThan(body as string, DEEPEST_JSON)) done(tooDeep());
    else parse(request, body as string, done);
  });
}

/** True when arrays and objects lie more than `limit` deep. Looks at brackets only: any text will do. */
export function isDeeperThan(json: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case '"':
        i = endOfString(json, i);
        break;
      case "[":
      case "{":
        depth += 1;
        if (depth > limit) return true;
        break;
      case "]":
      case "}":
        depth -= 1;
    }
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i;
}

function tooDeep(): HttpError {
  return new HttpError(`read body: it is nested more than ${DEEPEST_JSON} deep`, {
    code: "body_too_deep",
    hint: "Send flatter JSON.",
  });
}

const LONGEST_PLAIN_FORM = 4_096;

/** Lets in photos and forms besides: a photo raw, or as the only file of a form; a plain form as an object. */
export async function acceptUploads(app: FastifyInstance, maxBytes: number): Promise<void> {
  // Whatever calls itself an image: who looks at its bytes says best what is wrong with it.
  app.addContentTypeParser(/^image\//, { parseAs: "buffer", bodyLimit: maxBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: LONGEST_PLAIN_FORM },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  await app.register(multipart, {
    limits: {
      fileSize: maxBytes,
      files: 1,
      fields: 8,
      fieldSize: 4_096,
      fieldNameSize: 100,
      parts: 9,
      headerPairs: 50,
    },
  });
}

/** How an `upload` route's description says that it takes a photo. */
export const photo: Content = {
  "image/jpeg": z.file(),
  "image/png": z.file(),
  "image/webp": z.file(),
  "image/avif": z.file(),
  "multipart/form-data": z.object({ photo: z.file() }),
};

/** A photo as it was sent, not looked at yet. */
export interface Upload {
  readonly bytes: Uint8Array;
  /** What the sender says it is. */
  readonly mediaType: string;
  /** The other fields of the form. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The photo of a request to an `upload` route; undefined where none was sent. @throws HttpError */
export async function readUpload(request: FastifyRequest): Promise<Upload | undefined> {
  const fields = new Map<string, string>();
  if (request.body instanceof Uint8Array) {
    return { bytes: request.body, mediaType: request.headers["content-type"] ?? "", fields };
  }
  if (!request.isMultipart()) return undefined;
  let file: Omit<Upload, "fields"> | undefined;
  try {
    for await (const part of request.parts()) {
      if (part.type === "file") file = { bytes: await part.toBuffer(), mediaType: part.mimetype };
      else fields.set(part.fieldname, String(part.value));
    }
  } catch (error) {
    // The plugin gives its own refusals a status; what its parser stumbles over has none.
    throw (error as { statusCode?: number }).statusCode === undefined ? malformedForm(error) : error;
  }
  return file && { ...file, fields };
}

function malformedForm(cause: unknown): HttpError {
  return new HttpError(`read form: ${messageOf(cause).toLowerCase()}`, {
    code: "request_malformed",
    hint: "Send the form as `multipart/form-data` with its boundary, whole.",
    cause,
  });
}

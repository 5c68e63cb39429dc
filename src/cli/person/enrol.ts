import { z } from "zod";
import { enrolmentAnswer } from "../../doorbell/api.ts";
import { ask } from "../ask.ts";
import type { Call, Client } from "../client.ts";
import { parameter } from "../command.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type PhotoFile, readPhotoFile } from "../photo-file.ts";
import { oneLine } from "../table.ts";
import { counted } from "../time-text.ts";

/** The faces that a command gives: several photos, or one face of a past visit. */
export const faceParameters = {
  photo: parameter(
    "-p, --photo <files...>",
    "photos of the person alone, from the front",
    z.array(z.string()).optional(),
  ),
  face: parameter(
    "--face <id>",
    "a face of a past visit, by its id from `visit show`",
    z.uuid({ error: "that is no id of a face" }).optional(),
  ),
} as const;

/** One face to enrol. */
export type GivenFace =
  | { readonly kind: "photo"; readonly photo: PhotoFile }
  | { readonly kind: "face"; readonly faceId: string };

/** Reads what was given, all of it before any of it is sent. @throws CliError */
export async function readFaces(given: { photo?: string[] | undefined; face?: string | undefined }) {
  const { photo, face } = given;
  if ((photo === undefined) === (face === undefined))
    throw usageError("read faces: give either photos or a face", "Give --photo FILE... or --face ID.");
  const faces: GivenFace[] = face ? [{ kind: "face", faceId: face }] : [];
  for (const path of photo ?? []) faces.push({ kind: "photo", photo: await readPhotoFile(path) });
  return faces;
}

/** Who gets the faces: somebody who is there, or somebody new, made with the first one that is taken. */
export type Enrolee =
  | { readonly personId: string }
  | { readonly name: string; readonly watchlisted: boolean };

/** What became of all faces. */
export interface Enrolled {
  /** Absent while every face was refused for a new person. */
  personId?: string;
  enrolled: number;
  /** Not looked at yet: that goes on by itself. */
  pending: number;
  refused: { readonly photo: string; code: string; message: string; hint: string }[];
}

/** What enrolling needs. */
export interface EnrolDeps {
  readonly client: Client;
  readonly report: (detail: string) => void;
  readonly note: (text: string) => void;
}

/** Codes of refusals that concern the one photo: the next may be better. */
const ABOUT_THE_PHOTO = /^(enrol_|truncated$|too_|body_too_large$)/;

/**
 * Sends one face after the other; those that are refused do not keep the others out.
 * @throws CliError for all else, having noted what was done before
 */
export async function enrolFaces(
  faces: readonly GivenFace[],
  enrolee: Enrolee,
  { client, report, note }: EnrolDeps,
): Promise<Enrolled> {
  const result: Enrolled = { ...("personId" in enrolee && enrolee), enrolled: 0, pending: 0, refused: [] };
  for (const [index, face] of faces.entries()) {
    report(`${index + 1} of ${faces.length}`);
    const { personId } = result;
    try {
      const call = await enrolCall(face, personId === undefined ? enrolee : { personId });
      const answer = await ask(client, enrolmentAnswer, call);
      result.personId = answer.personId;
      result[answer.status] += 1;
    } catch (error) {
      if (!(error instanceof CliError && ABOUT_THE_PHOTO.test(error.code))) {
        const before = result.enrolled + result.pending;
        if (before > 0) note(`${counted(before, "face")} of ${personId} had been added before`);
        throw error;
      }
      const { code, message, hint } = error;
      result.refused.push({ photo: sourceOf(face), code, message, hint });
    }
  }
  return result;
}

const sourceOf = (face: GivenFace): string => (face.kind === "photo" ? face.photo.path : face.faceId);

/** A face goes with other fields as JSON, a photo as a form. */
async function enrolCall(face: GivenFace, enrolee: Enrolee): Promise<Call> {
  const [path, fields] =
    "personId" in enrolee ? [`/api/people/${enrolee.personId}/photos`, {}] : ["/api/people", enrolee];
  if (face.kind === "face") return { method: "POST", path, json: { ...fields, faceId: face.faceId } };
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  const { type, data } = face.photo;
  form.append("photo", new Blob([data], { type }), "photo");
  const whole = new Response(form);
  const bytes = { type: whole.headers.get("content-type")!, data: await whole.bytes() };
  return { method: "POST", path, bytes };
}

/** What became of it, for people. */
export function enrolledText({ enrolled, pending, refused }: Enrolled, name: string, done: string): string {
  const waiting = pending > 0 ? `, ${counted(pending, "face")} still to be looked at` : "";
  const first =
    enrolled + pending > 0 ? `${done} ${oneLine(name)}: ${counted(enrolled, "face")}${waiting}\n` : "";
  const no = refused.map(
    ({ photo, message, hint }) => `refused ${oneLine(`${photo}: ${message}`)}\n  hint: ${oneLine(hint)}\n`,
  );
  return first + no.join("");
}

/** `refused` as soon as one face was. */
export const enrolledExit = ({ refused }: Enrolled): ExitCode =>
  refused.length > 0 ? EXIT.refused : EXIT.done;

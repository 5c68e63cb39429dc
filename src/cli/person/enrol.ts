import { z } from "zod";
import { type EnrolmentAnswer, enrolmentAnswer } from "../../doorbell/api.ts";
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

/** The call that sends a face with other fields: as a form with the photo, or as JSON. */
export async function enrolCall(path: string, face: GivenFace, fields: object): Promise<Call> {
  if (face.kind === "face") return { method: "POST", path, json: { ...fields, faceId: face.faceId } };
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  const { type, data } = face.photo;
  form.append("photo", new Blob([Uint8Array.from(data)], { type }), "photo");
  const whole = new Response(form);
  const bytes = { type: whole.headers.get("content-type")!, data: await whole.bytes() };
  return { method: "POST", path, bytes };
}

/** What became of all faces. */
export interface Enrolled {
  /** Absent while every face was refused for a new person. */
  readonly personId?: string;
  readonly enrolled: number;
  /** Not looked at yet: that goes on by itself. */
  readonly pending: number;
  readonly refused: readonly { readonly photo: string; code: string; message: string; hint: string }[];
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
 * @param callOf sends a face to the person who is there by then, or makes the person
 * @throws CliError for all else, having noted what was done before
 */
export async function enrolFaces(
  faces: readonly GivenFace[],
  callOf: (face: GivenFace, personId: string | undefined) => Promise<Call>,
  { client, report, note }: EnrolDeps,
): Promise<Enrolled> {
  const answers: EnrolmentAnswer[] = [];
  const refused: Enrolled["refused"][number][] = [];
  for (const [index, face] of faces.entries()) {
    report(`${index + 1} of ${faces.length}`);
    try {
      answers.push(await ask(client, enrolmentAnswer, await callOf(face, answers[0]?.personId)));
    } catch (error) {
      if (!(error instanceof CliError && ABOUT_THE_PHOTO.test(error.code))) {
        if (answers.length > 0)
          note(`${counted(answers.length, "face")} of ${answers[0]!.personId} had been added before`);
        throw error;
      }
      const { code, message, hint } = error;
      refused.push({ photo: face.kind === "photo" ? face.photo.path : face.faceId, code, message, hint });
    }
  }
  const enrolled = answers.filter(({ status }) => status === "enrolled").length;
  return {
    ...(answers[0] && { personId: answers[0].personId }),
    enrolled,
    pending: answers.length - enrolled,
    refused,
  };
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

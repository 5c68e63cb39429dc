import type { Clock } from "../../lib/clock.ts";
import { DoorbellError } from "../../lib/errors.ts";
import type { LeasedJob } from "../../queue/queue.ts";
import type { Database } from "../../storage/database.ts";
import { seal, unseal } from "../../storage/envelope.ts";
import type { KeyStore } from "../../storage/keys.ts";
import type { EnrolmentTable } from "../../storage/schema.ts";
import type { Vault } from "../../storage/vault.ts";
import { embeddingBytes, embeddingOf, enrolmentContext, faceContext } from "../people/embedding.ts";
import { concludeEnrolment, type EnrolJob } from "../people/library.ts";
import type { DetectedFace, Embedding, FaceEngine, Picture } from "../recognition/face-engine.ts";
import type { JobHandler } from "./job-handler.ts";

/** What enrolments need. */
export interface EnrolmentsDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly engine: FaceEngine;
  readonly decode: (bytes: Uint8Array) => Promise<Picture>;
}

/** A face that cannot be enrolled, and why. */
export class EnrolmentError extends DoorbellError {}

/** A second face counts as another person, not as background, from this share of the first one's width. */
const RIVAL_SHARE = 0.6;

type Found = Pick<EnrolmentTable, "model" | "source" | "face_width" | "face_id"> & { embedding: Embedding };

/** Turns photos and faces of past visits into faces that recognition compares with. */
export function enrolments(config: { minFaceWidthPx: () => number }, deps: EnrolmentsDeps): JobHandler {
  async function fromPhoto({ personId, enrolmentId }: EnrolJob): Promise<Found> {
    const bytes = await deps.vault.get({ owner: { kind: "person", id: personId }, id: enrolmentId });
    if (!bytes) throw gone(`photo of enrolment ${enrolmentId}`);
    const picture = await deps.decode(bytes);
    const face = onlyFace(await deps.engine.detect(picture), config.minFaceWidthPx());
    const embedding = await deps.engine.describe(picture, face);
    return {
      embedding,
      model: deps.engine.model,
      source: "upload",
      face_width: face.box.width,
      face_id: null,
    };
  }

  async function fromFace(faceId: string): Promise<Found> {
    const face = await deps.database.read
      .selectFrom("face")
      .selectAll()
      .where("id", "=", faceId)
      .executeTakeFirst();
    const key = face && (await deps.keys.find({ kind: "visit", id: face.visit_id }));
    if (!key) throw gone(`face ${faceId}`);
    if (face.width < config.minFaceWidthPx()) throw tooSmall(face.width, config.minFaceWidthPx());
    const embedding = embeddingOf(unseal(key, face.embedding, faceContext(faceId)));
    return { embedding, model: face.model, source: "visit", face_width: face.width, face_id: faceId };
  }

  async function finish(
    job: LeasedJob,
    result: { found: Found } | { refused: DoorbellError | { code: string; message: string; hint: string } },
  ) {
    const { personId, enrolmentId } = job.payload as EnrolJob;
    const at = deps.clock.now();
    const hold = { id: job.id, lease: job.lease };
    if ("refused" in result) {
      const { code, message, hint } = result.refused;
      await deps.database.write(concludeEnrolment, {
        hold,
        personId,
        enrolmentId,
        at,
        result: { refused: { code, message, hint } },
      });
      return deps.vault.remove({ owner: { kind: "person", id: personId }, id: enrolmentId });
    }
    const key = await deps.keys.find({ kind: "person", id: personId });
    if (!key) throw gone(`key of person ${personId}`);
    const { embedding, ...found } = result.found;
    const sealed = seal(key, embeddingBytes(embedding), enrolmentContext(enrolmentId));
    const row: EnrolmentTable = {
      id: enrolmentId,
      person_id: personId,
      kind: "like",
      ...found,
      embedding: sealed,
      created_at: at,
    };
    await deps.database.write(concludeEnrolment, { hold, personId, enrolmentId, at, result: { row } });
  }

  return {
    kind: "enrol",
    async run(job) {
      const task = job.payload as EnrolJob;
      try {
        const found = await (task.source.kind === "photo" ? fromPhoto(task) : fromFace(task.source.faceId));
        await finish(job, { found });
      } catch (error) {
        if (!(error instanceof DoorbellError) || error.retryable || error.code === "lease_lost") throw error;
        await finish(job, { refused: error });
      }
    },
    giveUp: (job, why) =>
      finish(job, {
        refused: { ...why, hint: "Try another photo; if that fails too, report it with the log." },
      }),
  };
}

/** The one face that is meant. @throws EnrolmentError when there is none, or more than one could be meant */
function onlyFace(faces: readonly DetectedFace[], minWidthPx: number): DetectedFace {
  const [face, rival] = faces;
  if (!face) {
    throw new EnrolmentError("enrol photo: no face was found in it", {
      code: "enrol_no_face",
      hint: "Take a photo from the front, in even light, on which the face fills at least a quarter of the width.",
    });
  }
  if (face.box.width < minWidthPx) throw tooSmall(face.box.width, minWidthPx);
  if (rival && rival.box.width >= face.box.width * RIVAL_SHARE) {
    throw new EnrolmentError("enrol photo: it shows more than one face", {
      code: "enrol_several_faces",
      hint: "Cut the photo so that it shows this person alone.",
    });
  }
  return face;
}

function tooSmall(width: number, least: number): EnrolmentError {
  return new EnrolmentError(`enrol face: it is ${Math.round(width)} px wide, less than ${least}`, {
    code: "enrol_face_too_small",
    hint: "Take a photo from nearer, or cut it around the face.",
  });
}

function gone(what: string): EnrolmentError {
  return new EnrolmentError(`enrol face: the ${what} is gone`, {
    code: "enrol_source_gone",
    hint: "It was removed or erased meanwhile. Give another photo.",
  });
}

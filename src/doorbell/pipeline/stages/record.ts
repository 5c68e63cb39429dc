import type { Clock } from "../../../lib/clock.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { derivedId } from "../../../lib/ids.ts";
import type { Hold } from "../../../queue/sqlite-queue.ts";
import type { Database } from "../../../storage/database.ts";
import { seal } from "../../../storage/envelope.ts";
import type { KeyStore } from "../../../storage/keys.ts";
import { embeddingBytes, faceContext } from "../../people/embedding.ts";
import { type Decision, judgeFace, type Thresholds } from "../../visit/decision.ts";
import { recordDecision } from "../../visit/progress.ts";
import type { RecognisedFrame } from "./recognise.ts";

/** What is recorded of a visit. */
export interface RecordTask {
  readonly visitId: string;
  readonly hold: Hold;
  readonly decision: Decision;
  readonly frames: readonly RecognisedFrame[];
  readonly thresholds: Thresholds;
  readonly model: string;
}

/** What the stage needs. */
export interface RecordDeps {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly clock: Clock;
}

/** Fifth stage: the decision and every face become the record, embeddings under the visit's key. */
export async function record(task: RecordTask, { database, keys, clock }: RecordDeps): Promise<void> {
  const anyFace = task.frames.some(({ faces }) => faces.length > 0);
  const key = anyFace ? await keys.ensure({ kind: "visit", id: task.visitId }) : undefined;
  const faces = task.frames.flatMap((frame) =>
    frame.faces.map((face, position) => {
      const id = derivedId("face", frame.captureId, String(position));
      const verdict = judgeFace({ widthPx: face.box.width, nearest: face.nearest }, task.thresholds);
      return {
        id,
        visit_id: task.visitId,
        capture_id: frame.captureId,
        position,
        ...face.box,
        score: face.score,
        verdict,
        person_id: face.nearest?.personId ?? null,
        distance: face.nearest?.distance ?? null,
        embedding: seal(key!, embeddingBytes(face.embedding), faceContext(id)),
        model: task.model,
      };
    }),
  );
  failpoint("record.before-commit");
  await database.write(recordDecision, {
    hold: task.hold,
    at: clock.now(),
    record: {
      visitId: task.visitId,
      decision: task.decision,
      thresholds: task.thresholds,
      model: task.frames.length > 0 ? task.model : null,
      frames: task.frames.map(({ captureId, width, height }) => ({ captureId, width, height })),
      faces,
    },
  });
  failpoint("record.after-commit");
}

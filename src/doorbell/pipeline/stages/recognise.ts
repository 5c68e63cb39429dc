import type { DetectedFace, Embedding, FaceEngine } from "../../recognition/face-engine.ts";
import type { Nearest } from "../../visit/decision.ts";
import type { DetectedFrame } from "./detect.ts";

/** A face with its embedding and the nearest person of the library. */
export interface RecognisedFace extends DetectedFace {
  readonly embedding: Embedding;
  readonly nearest: Nearest | null;
}

/** A frame of which every face is compared. The picture itself is let go. */
export interface RecognisedFrame {
  readonly captureId: string;
  /** Size of the decoded frame, px. */
  readonly width: number;
  readonly height: number;
  readonly faces: readonly RecognisedFace[];
}

/** What the stage needs. */
export interface RecogniseDeps {
  readonly engine: FaceEngine;
  /** The nearest person of the visit's site. */
  readonly nearest: (embedding: Embedding) => Nearest | null;
  /** Most faces that are described in one frame: a crowd must not hold up the next press. */
  readonly maxFaces: number;
}

/** Third stage: describes the faces, largest first, and finds who is nearest. @throws RecognitionError */
export async function recognise(frame: DetectedFrame, deps: RecogniseDeps): Promise<RecognisedFrame> {
  const faces: RecognisedFace[] = [];
  for (const face of frame.faces.slice(0, deps.maxFaces)) {
    const embedding = await deps.engine.describe(frame.picture, face);
    faces.push({ ...face, embedding, nearest: deps.nearest(embedding) });
  }
  return { captureId: frame.captureId, width: frame.picture.width, height: frame.picture.height, faces };
}

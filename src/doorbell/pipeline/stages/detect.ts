import type { DetectedFace, FaceEngine, Picture } from "../../recognition/face-engine.ts";
import type { StoredFrame } from "./capture.ts";

/** A decoded frame and where its faces are. */
export interface DetectedFrame {
  readonly captureId: string;
  readonly picture: Picture;
  /** Largest first. */
  readonly faces: readonly DetectedFace[];
}

/** What the stage needs. */
export interface DetectDeps {
  /** Decodes an encoded picture, turned upright. @throws PhotoError when it is none, or too large */
  readonly decode: (bytes: Uint8Array) => Promise<Picture>;
  readonly engine: FaceEngine;
}

/** Second stage: decodes a frame and finds the faces. @throws PhotoError, RecognitionError */
export async function detect(frame: StoredFrame, { decode, engine }: DetectDeps): Promise<DetectedFrame> {
  const picture = await decode(frame.bytes);
  return { captureId: frame.captureId, picture, faces: await engine.detect(picture) };
}

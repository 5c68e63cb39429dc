/** A decoded, upright picture: RGB, 8 bits, rows from the top, no padding. `data.length = 3 * width * height`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle in pixels of the `Picture`, origin top left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One face that a detector found. */
export interface DetectedFace {
  /** May reach past the picture's edge, but some of it is inside. */
  readonly box: Box;
  /** The detector's confidence, 0 to 1. */
  readonly score: number;
}

/** Numbers of one face in one engine's space: `Float32Array(128)`, compared by Euclidean distance. */
export type Embedding = Float32Array;

/** Finds and describes faces. One engine lives in one thread; calls that overlap are answered one after the other. */
export interface FaceEngine {
  /** Names detector, landmark and recognition nets with their version; embeddings of different models never meet. */
  readonly model: string;
  /** Every face, largest first. */
  detect(picture: Picture): Promise<DetectedFace[]>;
  /** The embedding of one face found in the same picture. */
  describe(picture: Picture, face: DetectedFace): Promise<Embedding>;
  close(): Promise<void>;
}

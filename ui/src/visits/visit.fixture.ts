import type { VisitView } from "../../../src/doorbell/api.ts";
import type { CaptureView, FaceView } from "./visit.ts";

/** A face that nobody knows, in the middle of its frame. */
export function faceOf(over: Partial<FaceView> = {}): FaceView {
  return {
    id: crypto.randomUUID(),
    box: { x: 0.4, y: 0.4, width: 0.2, height: 0.2 },
    score: 0.9,
    verdict: "unknown",
    nearest: { id: "a", name: "Anna" },
    distance: 0.7,
    corrected: false,
    ...over,
  };
}

export function captureOf(...faces: FaceView[]): CaptureView {
  return { id: crypto.randomUUID(), takenAt: 0, width: 640, height: 480, faces };
}

/** A decided visit of one unknown person. */
export function visitOf(over: Partial<VisitView> = {}): VisitView {
  return {
    id: crypto.randomUUID(),
    door: { id: "front", name: "Front door" },
    source: "page",
    state: "done",
    outcome: "unknown",
    reason: null,
    person: null,
    distance: 0.7,
    evidence: null,
    thresholds: {
      minFaceWidthPx: 64,
      matchDistance: 0.5,
      watchlistDistance: 0.45,
      watchlistSingleDistance: 0.4,
    },
    model: "m",
    release: "1",
    synthetic: false,
    demonstration: false,
    acceptedAt: 0,
    decidedAt: 400,
    acknowledgedAt: null,
    captures: [captureOf(faceOf())],
    deliveries: [],
    ...over,
  };
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type FaceView, type FrameView, judgeFace, type Thresholds } from "./decision.ts";

const thresholds: Thresholds = {
  minFaceWidthPx: 64,
  matchDistance: 0.5,
  watchlistDistance: 0.45,
  watchlistSingleDistance: 0.4,
};
const face = (
  personId: string,
  distance: number,
  more: { watchlisted?: boolean; widthPx?: number } = {},
): FaceView => ({
  widthPx: more.widthPx ?? 120,
  nearest: { personId, distance, watchlisted: more.watchlisted ?? false },
});
const watched = (personId: string, distance: number) => face(personId, distance, { watchlisted: true });
const decideAll = (frames: FrameView[]) => decide(frames, 0, thresholds)!;

describe("a decision", () => {
  it("names a known person from the first frame that shows them", () => {
    expect(decide([[face("ada", 0.44)]], 2, thresholds)).toEqual({
      outcome: "known",
      personId: "ada",
      distance: 0.44,
      evidence: "single",
      reason: null,
    });
  });

  it("waits for another frame while nobody is near enough", () => {
    expect(decide([[face("ada", 0.51)]], 1, thresholds)).toBeNull();
    expect(decideAll([[face("ada", 0.51)]])).toMatchObject({ outcome: "unknown", distance: 0.51 });
  });

  it("takes no name from a face that is too small, and says so", () => {
    const small = face("ada", 0.2, { widthPx: 63.9 });
    expect(judgeFace(small, thresholds)).toBe("too_small");
    expect(decideAll([[small]])).toMatchObject({
      outcome: "unknown",
      personId: null,
      reason: "face_too_small",
    });
  });

  it("wants two frames that agree for somebody on the watchlist", () => {
    expect(decide([[watched("eve", 0.44)]], 2, thresholds)).toBeNull();
    expect(decideAll([[watched("eve", 0.44)], [watched("eve", 0.45)]])).toMatchObject({
      outcome: "watchlisted",
      personId: "eve",
      distance: 0.44,
      evidence: "agreeing",
    });
    expect(decideAll([[watched("eve", 0.3)], [watched("mal", 0.3)]])).toMatchObject({ outcome: "unknown" });
  });

  it("takes a single frame for the watchlist only at the stricter distance, and says it was one", () => {
    expect(decideAll([[watched("eve", 0.41)]])).toMatchObject({ outcome: "unknown" });
    expect(decideAll([[watched("eve", 0.4)]])).toMatchObject({ outcome: "watchlisted", evidence: "single" });
    expect(decideAll([[watched("eve", 0.3)], []])).toMatchObject({
      outcome: "watchlisted",
      evidence: "single",
    });
  });

  it("does not take one vote for the watchlist where another usable frame disagrees", () => {
    expect(decideAll([[watched("eve", 0.3)], [face("ada", 0.7)]])).toMatchObject({ outcome: "unknown" });
  });

  it("looks on when a known and a watchlisted face stand in one frame", () => {
    const frame = [face("ada", 0.3), watched("eve", 0.42)];
    expect(decide([frame], 1, thresholds)).toBeNull();
    expect(decideAll([frame, frame])).toMatchObject({ outcome: "watchlisted", personId: "eve" });
  });

  it("tells an empty doorstep from a camera that gave nothing", () => {
    expect(decideAll([[]])).toMatchObject({ outcome: "no_face" });
    expect(decideAll([])).toMatchObject({ outcome: "no_frame" });
  });
});

describe("any decision", () => {
  const anyFace = fc.record({
    widthPx: fc.double({ min: 1, max: 400, noNaN: true }),
    nearest: fc.option(
      fc.record({
        personId: fc.constantFrom("ada", "bob", "eve", "mal"),
        watchlisted: fc.boolean(),
        distance: fc.double({ min: 0, max: 1.4, noNaN: true }),
      }),
    ),
  });
  const anyFrames = fc.array(fc.array(anyFace, { maxLength: 4 }), { maxLength: 5 });

  it("is reached when no frame is to come", () => {
    fc.assert(fc.property(anyFrames, (frames) => decide(frames, 0, thresholds) !== null));
  });

  it("names only somebody whose usable face lay within the distance of their kind", () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const decision = decideAll(frames);
        const close = (face: FaceView) =>
          face.nearest?.personId === decision.personId &&
          judgeFace(face, thresholds) === (decision.outcome === "known" ? "named" : "watchlisted");
        if (decision.personId !== null) expect(frames.flat().some(close)).toBe(true);
        else expect(["unknown", "no_face", "no_frame"]).toContain(decision.outcome);
      }),
    );
  });

  it("does not depend on the order of the faces within a frame", () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const turned = frames.map((faces) => [...faces].reverse());
        expect(decideAll(turned).outcome).toBe(decideAll(frames).outcome);
      }),
    );
  });
});

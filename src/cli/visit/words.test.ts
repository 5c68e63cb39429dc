import { describe, expect, it } from "vitest";
import type { VisitView } from "../../doorbell/api.ts";
import { cannedFace, cannedVisit } from "../canned-system.fixture.ts";
import { deliveriesText, isGivenUp, reasonTexts, whoText } from "./words.ts";

const [capture] = cannedVisit().captures;
const nobody = { person: null, distance: null, evidence: null } as const;
const withFaces = (...faces: ReturnType<typeof cannedFace>[]) => ({ captures: [{ ...capture!, faces }] });
const watchlisted = cannedFace({ verdict: "watchlisted", distance: 0.43 });

describe("the reasons of a visit", () => {
  it.each<[string, Partial<VisitView>, string[]]>([
    ["one frame", { evidence: "single" }, ["up to 0.50 it is the same person", "Only one frame says so."]],
    ["a correction", { reason: "corrected" }, ["0.41 from Anna", "Several", "it was not this person"]],
    [
      "a removed person",
      { person: { id: capture!.id, name: "" } },
      ["from somebody since removed", "Several"],
    ],
    ["the watchlist", { outcome: "watchlisted" }, ["two frames that agree, up to 0.45", "Several"]],
    [
      "the watchlist in one frame",
      { outcome: "watchlisted", evidence: "single" },
      ["a single frame, up to 0.40", "Only one"],
    ],
    [
      "a stranger",
      { outcome: "unknown", ...withFaces(cannedFace({ verdict: "unknown", distance: 0.7 })) },
      ["0.70 from Anna: too far"],
    ],
    [
      "a doubtful face",
      { outcome: "unknown", ...withFaces(watchlisted) },
      ["not enough in one frame, where 0.40"],
    ],
    [
      "an empty library",
      { outcome: "unknown", ...withFaces(cannedFace({ nearest: null, distance: null, verdict: "unknown" })) },
      ["nobody in the library"],
    ],
    ["small faces", { outcome: "unknown", reason: "face_too_small" }, ["narrower than 64 px"]],
    ["no face", { outcome: "no_face" }, ["No face was found in 1 frame."]],
    ["no frame", { outcome: "no_frame", reason: "camera_timeout" }, ["no picture in time"]],
    ["a fault", { outcome: "no_frame", reason: "disk_full" }, ["It was given up: disk full."]],
    ["a visit under way", { outcome: null, state: "captured" }, ["It is not decided yet."]],
  ])("speak of %s", (_, over, texts) => {
    const reasons = reasonTexts(cannedVisit(over));
    expect(reasons).toEqual(texts.map((text) => expect.stringContaining(text)));
  });
});

it("counts the strangers of the frame that shows most", () => {
  const stranger = cannedFace({ verdict: "unknown" });
  const captures = [[stranger], [stranger, cannedFace(), cannedFace({ verdict: "too_small" })]].map(
    (faces) => ({
      ...capture!,
      faces,
    }),
  );
  expect(whoText(cannedVisit({ ...nobody, outcome: "unknown", captures }))).toBe("2 unknown people");
  expect(whoText(cannedVisit({ reason: "corrected" }))).toBe("not Anna");
});

it("counts deliveries by how they stand", () => {
  const [one] = cannedVisit().deliveries;
  const deliveries = (["dead", "delivered", "dead"] as const).map((state) => ({ ...one!, state }));
  expect(deliveriesText(cannedVisit({ deliveries }))).toBe("1 delivered, 2 dead");
});

it("takes a camera's fault for no fault of the system", () => {
  const ended = (reason: string | null) => isGivenUp(cannedVisit({ outcome: "no_frame", reason }));
  expect([ended("camera_off"), ended(null), ended("truncated")]).toEqual([false, false, true]);
});

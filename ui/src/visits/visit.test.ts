import "../english.fixture.ts";

import { describe, expect, it } from "vitest";
import { captureOf, faceOf, visitOf } from "./visit.fixture.ts";
import { faceWidth, mainCapture, standingOf, whoOf } from "./visit.ts";

const anna = { id: "a", name: "Anna" };

describe("what is said of a visit", () => {
  it("is who it is, unless somebody says it is not", () => {
    const visit = visitOf({ outcome: "known", person: anna });
    expect([standingOf(visit), whoOf(visit)]).toEqual(["known", "Anna"]);
    const corrected = { ...visit, reason: "corrected" };
    expect([standingOf(corrected), whoOf(corrected)]).toEqual(["corrected", "Not Anna"]);
  });

  it("names nobody who was removed", () => {
    const removed = { id: "a", name: "" };
    expect(whoOf(visitOf({ outcome: "known", person: removed }))).toBe("Somebody removed");
    expect(whoOf(visitOf({ outcome: "known", person: removed, reason: "corrected" }))).toBe(
      "Not who it was taken for",
    );
  });

  it("counts strangers by the frame that shows most, not by all frames", () => {
    const captures = [captureOf(faceOf()), captureOf(faceOf(), faceOf({ verdict: "too_small" }))];
    expect(whoOf(visitOf({ captures }))).toBe("2 unknown people");
    expect(whoOf(visitOf({ captures: [] }))).toBe("Somebody unknown");
  });
});

describe("mainCapture", () => {
  it("is the frame with the face that decided", () => {
    const far = captureOf(faceOf({ verdict: "named", distance: 0.48 }));
    const near = captureOf(faceOf({ verdict: "named", distance: 0.31 }));
    const stranger = captureOf(faceOf({ distance: 0.2 }));
    expect(mainCapture(visitOf({ captures: [stranger, far, near] }))).toBe(near);
    const watched = captureOf(faceOf({ verdict: "watchlisted", distance: 0.44 }));
    expect(mainCapture(visitOf({ captures: [near, watched] }))).toBe(watched);
  });

  it("is the first frame where there is no face, and none where there is no frame", () => {
    const [first, second] = [captureOf(), captureOf()];
    expect(mainCapture(visitOf({ captures: [first, second] }))).toBe(first);
    expect(mainCapture(visitOf({ captures: [] }))).toBeUndefined();
  });
});

describe("faceWidth", () => {
  it("is in pixels of the frame", () => {
    const face = faceOf();
    expect(faceWidth({ face, capture: captureOf(face), frame: 1, number: 1 })).toBe(128);
  });
});

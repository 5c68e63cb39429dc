import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import type { Embedding, FaceEngine } from "../../recognition/face-engine.ts";
import { shippedSettings, testEngine } from "../../recognition/fixtures.ts";
import { createGallery, type Gallery } from "../../recognition/matcher.ts";
import { decodePhoto } from "../../recognition/photo.ts";
import { framesOf } from "./camera.contract.ts";
import { demonstrationCamera } from "./demonstration.ts";
import { demonstrationPeople, demonstrationScenes } from "./demonstration-scenes.ts";
import type { Scene, SceneFrame } from "./scene.ts";

const { photo, decodeMaxPx, matchDistance, watchlistDistance, minFaceWidthPx } = shippedSettings;
const [resident, watched] = demonstrationPeople;

let engine: FaceEngine;
let gallery: Gallery;
beforeAll(async () => {
  engine = await testEngine();
  gallery = createGallery();
  for (const { name, enrolment } of demonstrationPeople) {
    for (const face of (await see(enrolment)).flat()) gallery.add(name, face);
  }
});
afterAll(() => engine.close());

/** What the engine makes of each frame as the camera gives it, after a check that a face fills it as at a door. */
async function see(frames: readonly SceneFrame[]): Promise<Embedding[][]> {
  const scene: Scene = { id: "seen", role: "stranger", description: "", frames };
  const camera = demonstrationCamera({}, { clock: systemClock(), scenes: [scene] });
  const seen: Embedding[][] = [];
  for (const { bytes } of await framesOf(camera, { frames: frames.length })) {
    const picture = await decodePhoto(bytes, photo, decodeMaxPx);
    const found = await engine.detect(picture);
    for (const { box } of found) {
      expect(box.width).toBeGreaterThan(minFaceWidthPx);
      expect(box.width / picture.width).toBeGreaterThan(0.25);
    }
    seen.push(await Promise.all(found.map((face) => engine.describe(picture, face))));
  }
  return seen;
}

const framesFor = (role: Scene["role"]): readonly SceneFrame[] =>
  demonstrationScenes.filter((scene) => scene.role === role).flatMap(({ frames }) => frames);

/** The one face of each frame. */
async function visitors(role: Scene["role"]): Promise<Embedding[]> {
  const seen = await see(framesFor(role));
  expect(seen.map((faces) => faces.length)).toEqual([1, 1, 1]);
  return seen.flat();
}

describe("with the shipped settings, the demonstration", () => {
  it("enrols exactly one face from each enrolment photo", () => {
    expect(gallery.size).toBe(demonstrationPeople.flatMap(({ enrolment }) => enrolment).length);
  });

  it("knows the resident in every frame of a photo she is not enrolled from", async () => {
    const enrolledFrom = resident!.enrolment.map(({ file }) => file);
    for (const { file } of framesFor("enrolled")) expect(enrolledFrom).not.toContain(file);
    for (const face of await visitors("enrolled")) {
      const { best, other } = gallery.nearest(face);
      expect(best!.personId).toBe(resident!.name);
      expect(best!.distance).toBeLessThan(matchDistance - 0.05);
      expect(other!.distance).toBeGreaterThan(matchDistance + 0.1);
    }
  });

  it("names nobody in any frame of the stranger", async () => {
    for (const face of await visitors("stranger")) {
      expect(gallery.nearest(face).best!.distance).toBeGreaterThan(matchDistance + 0.1);
    }
  });

  it("finds the person on the watchlist in every frame, none of which she is enrolled from", async () => {
    for (const frame of framesFor("watchlisted")) expect(watched!.enrolment).not.toContainEqual(frame);
    for (const face of await visitors("watchlisted")) {
      const { best } = gallery.nearest(face);
      expect(best!.personId).toBe(watched!.name);
      expect(best!.distance).toBeLessThan(watchlistDistance);
    }
  });

  it("sees no face where nobody is", async () => {
    expect(await see(framesFor("empty"))).toEqual([[], [], []]);
  });
});

import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embedding, FaceEngine } from "../../recognition/face-engine.ts";
import { shippedSettings, testEngine } from "../../recognition/fixtures.ts";
import { createGallery, type Gallery } from "../../recognition/matcher.ts";
import { decodePhoto, encodeJpeg } from "../../recognition/photo.ts";
import {
  type DemonstrationFrame,
  type DemonstrationScene,
  demonstrationFolder,
  demonstrationPeople,
  demonstrationScenes,
} from "./demonstration-scenes.ts";

const { photo, decodeMaxPx, matchDistance, watchlistDistance, minFaceWidthPx } = shippedSettings;

let engine: FaceEngine;
let gallery: Gallery;
beforeAll(async () => {
  engine = await testEngine();
  gallery = createGallery();
  for (const { name, enrolment } of demonstrationPeople) {
    for (const frame of enrolment) for (const face of await see(frame)) gallery.add(name, face);
  }
});
afterAll(() => engine.close());

/** The faces in a frame that came from the camera as a JPEG, after a check that each fills the frame as at a door. */
async function see({ file, left, top, width, height }: DemonstrationFrame): Promise<Embedding[]> {
  const region = sharp(join(demonstrationFolder, file)).extract({ left, top, width, height });
  const data = await region.removeAlpha().raw().toBuffer();
  const picture = await decodePhoto(await encodeJpeg({ width, height, data }), photo, decodeMaxPx);
  const faces = await engine.detect(picture);
  for (const { box } of faces) {
    expect(box.width).toBeGreaterThan(minFaceWidthPx);
    expect(box.width / picture.width).toBeGreaterThan(0.25);
  }
  return Promise.all(faces.map((face) => engine.describe(picture, face)));
}

const scene = (outcome: DemonstrationScene["outcome"]): DemonstrationScene =>
  demonstrationScenes.find((one) => one.outcome === outcome)!;

/** The one face of each frame. */
async function visitors(outcome: DemonstrationScene["outcome"]): Promise<Embedding[]> {
  const faces = [];
  for (const frame of scene(outcome).frames) faces.push(await see(frame));
  expect(faces.map((found) => found.length)).toEqual([1, 1, 1]);
  return faces.flat();
}

describe("with the shipped settings, the demonstration", () => {
  const [resident, watched] = demonstrationPeople;

  it("enrols exactly one face from each enrolment photo", () => {
    expect(gallery.size).toBe(demonstrationPeople.flatMap(({ enrolment }) => enrolment).length);
  });

  it("knows the resident in every frame of a photo she is not enrolled from", async () => {
    const enrolledFrom = resident!.enrolment.map(({ file }) => file);
    for (const { file } of scene("known").frames) expect(enrolledFrom).not.toContain(file);
    for (const face of await visitors("known")) {
      const { best, other } = gallery.nearest(face);
      expect(best!.personId).toBe(resident!.name);
      expect(best!.distance).toBeLessThan(matchDistance - 0.05);
      expect(other!.distance).toBeGreaterThan(matchDistance + 0.1);
    }
  });

  it("names nobody in any frame of the unknown visitor", async () => {
    for (const face of await visitors("unknown")) {
      expect(gallery.nearest(face).best!.distance).toBeGreaterThan(matchDistance + 0.05);
    }
  });

  it("finds the person on the watchlist in every frame, none of which she is enrolled from", async () => {
    for (const frame of scene("watchlisted").frames) expect(watched!.enrolment).not.toContainEqual(frame);
    for (const face of await visitors("watchlisted")) {
      const { best } = gallery.nearest(face);
      expect(best!.personId).toBe(watched!.name);
      expect(best!.distance).toBeLessThan(watchlistDistance);
    }
  });

  it("sees no face in the empty scene", async () => {
    for (const frame of scene("no_face").frames) expect(await see(frame)).toEqual([]);
  });
});

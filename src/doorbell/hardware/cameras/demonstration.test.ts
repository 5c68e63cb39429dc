import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { temporaryFolder } from "../../../testing/guard.ts";
import { cameraContract, faultOf, framesOf } from "./camera.contract.ts";
import type { Frame } from "./camera.ts";
import { demonstrationCamera } from "./demonstration.ts";
import { bandHeight } from "./demonstration-band.ts";
import type { Scene } from "./scene.ts";

const clock = systemClock();

/** Regions of different widths, so that a frame tells which it is. */
const region = (width: number) => ({ file: "sample1.jpg", left: 100, top: 50, width, height: 200 });

const scenes: Scene[] = [
  { id: "friend", role: "enrolled", description: "A friend.", frames: [region(300), region(310)] },
  { id: "stranger", role: "stranger", description: "A stranger.", frames: [region(400)] },
];

const open = (scene?: string) => demonstrationCamera(scene ? { scene } : {}, { clock, scenes });

const widths = (frames: readonly Frame[]) =>
  Promise.all(frames.map(async ({ bytes }) => (await sharp(bytes).metadata()).width));

cameraContract("demonstration", async () => ({
  working: open(),
  broken: demonstrationCamera({}, { clock, scenes, photos: temporaryFolder() }),
  close: async () => {},
}));

describe("the demonstration camera", () => {
  it("shows one scene a capture, all of them in turn, the same after each start", async () => {
    for (const camera of [open(), open()]) {
      expect(await widths(await framesOf(camera, { frames: 3 }))).toEqual([300, 310, 300]);
      expect(await widths(await framesOf(camera))).toEqual([400]);
      expect(await widths(await framesOf(camera))).toEqual([300]);
    }
  });

  it("shows the scene that the press asks for, before that of the settings", async () => {
    const camera = open("stranger");
    expect(await widths(await framesOf(camera))).toEqual([400]);
    expect(await widths(await framesOf(camera, { scene: "friend" }))).toEqual([300]);
    expect(await widths(await framesOf(camera))).toEqual([400]);
  });

  it("names the scenes there are when it is asked for another", async () => {
    const fault = await faultOf(open(), { scene: "burglar" });
    expect(fault).toMatchObject({ code: "camera_empty", hint: "Ask for one of: friend, stranger." });
    expect((await faultOf(demonstrationCamera({}, { clock, scenes: [] }))).code).toBe("camera_empty");
  });

  it("leaves the marked region as it is and writes the word under it", async () => {
    const [frame] = await framesOf(open("friend"));
    const picture = sharp(frame!.bytes);
    const { width, height } = await picture.metadata();
    expect([width, height]).toEqual([300, 200 + bandHeight(300)]);

    const band = { left: 0, top: 200, width: 300, height: bandHeight(300) };
    const { data } = await picture
      .clone()
      .extract(band)
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const lit = data.filter((value) => value > 200).length / data.length;
    expect(lit).toBeGreaterThan(0.1);
    expect(lit).toBeLessThan(0.4);
  });
});

import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/clock.ts";
import { temporaryFolder } from "../../../testing/guard.ts";
import { cameraContract, faultOf, framesOf } from "./camera.contract.ts";
import { folderCamera } from "./folder.ts";

const clock = systemClock();
const maxAgeMs = 60_000;
let picture: Buffer;

beforeAll(async () => {
  picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: "#357" } })
    .jpeg()
    .toBuffer();
});

/** Writes a whole picture whose last change is so long ago. */
function drop(folder: string, name: string, ageMs: number, bytes: Buffer = picture): void {
  writeFileSync(join(folder, name), bytes);
  const changed = (Date.now() - ageMs) / 1000;
  utimesSync(join(folder, name), changed, changed);
}

/** A picture that tells which file it was. */
const marked = (mark: string): Buffer => Buffer.concat([picture, Buffer.from(mark)]);

const marks = (frames: readonly { bytes: Uint8Array }[]): string[] =>
  frames.map(({ bytes }) => Buffer.from(bytes.subarray(picture.length)).toString());

cameraContract("folder", async () => {
  const path = temporaryFolder();
  drop(path, "a.jpg", 1_000);
  drop(path, "b.jpg", 1_000);
  return {
    working: folderCamera({ path, order: "name", maxAgeMs }, { clock }),
    broken: folderCamera({ path: temporaryFolder(), order: "name", maxAgeMs }, { clock }),
    close: async () => {},
  };
});

describe("the folder camera, newest first", () => {
  const open = (path: string) => folderCamera({ path, order: "newest", maxAgeMs }, { clock });

  it("gives the newest pictures, none twice, and ends when there are no more", async () => {
    const path = temporaryFolder();
    drop(path, "z-oldest.png", 3_000, marked("oldest"));
    drop(path, "a-newest.JPG", 1_000, marked("newest"));
    drop(path, "middle.webp", 2_000, marked("middle"));
    expect(marks(await framesOf(open(path), { frames: 2 }))).toEqual(["newest", "middle"]);
    expect(marks(await framesOf(open(path), { frames: 9 }))).toEqual(["newest", "middle", "oldest"]);
  });

  it("gives a file again that was written over", async () => {
    const path = temporaryFolder();
    drop(path, "snapshot.jpg", 2_000, marked("first"));
    const frames = open(path).capture({ frames: 2, intervalMs: 0 }, new AbortController().signal);
    const given = [];
    for await (const frame of frames) {
      given.push(frame);
      drop(path, "snapshot.jpg", 1_000, marked("second"));
    }
    expect(marks(given)).toEqual(["first", "second"]);
  });

  it("never takes an old visitor for a new one", async () => {
    const path = temporaryFolder();
    drop(path, "yesterday.jpg", 86_400_000);
    const fault = await faultOf(open(path));
    expect(fault).toMatchObject({ code: "camera_empty", retryable: true });
    expect(fault.message).toContain("1 too old");
    expect(await framesOf(open(path), { pressedAt: Date.now() - 86_400_000 })).toHaveLength(1);
  });

  it("skips what is still being written: a picture cut off, an empty file, a temporary name", async () => {
    const path = temporaryFolder();
    drop(path, "cut.jpg", 200, picture.subarray(0, picture.length - 5));
    drop(path, "empty.jpg", 200, Buffer.alloc(0));
    drop(path, "upload.jpg.part", 200);
    drop(path, ".hidden.jpg", 200);
    drop(path, "whole.jpg", 5_000, marked("whole"));
    expect(marks(await framesOf(open(path)))).toEqual(["whole"]);
  });

  it.each([
    ["grows", (file: string) => appendFileSync(file, ".")],
    ["is written over", (file: string) => writeFileSync(file, picture, { flag: "r+" })],
  ])("skips a whole picture that %s within 100 ms", async (_, write) => {
    const path = temporaryFolder();
    const file = join(path, "changing.jpg");
    drop(path, "whole.jpg", 5_000, marked("whole"));
    writeFileSync(file, picture);
    const writer = setInterval(() => write(file), 5);
    try {
      expect(marks(await framesOf(open(path)))).toEqual(["whole"]);
    } finally {
      clearInterval(writer);
    }
  });

  it("gives a picture just written once it has settled", async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, "new.jpg"), marked("new"));
    expect(marks(await framesOf(open(path)))).toEqual(["new"]);
  });

  it("skips what is no picture or too large, and says so", async () => {
    const path = temporaryFolder();
    drop(path, "page.jpg", 1_000, Buffer.from("<html>no picture at all</html>"));
    drop(path, "huge.jpg", 1_000);
    truncateSync(join(path, "huge.jpg"), 60 * 1024 * 1024);
    const fault = await faultOf(open(path));
    expect(fault.code).toBe("camera_empty");
    expect(fault.message).toContain("1 too large");
    expect(fault.message).toContain("1 no picture");
  });

  it("follows no symbolic link", async () => {
    const outside = temporaryFolder();
    const path = temporaryFolder();
    drop(outside, "secret.jpg", 1_000);
    symlinkSync(join(outside, "secret.jpg"), join(path, "link.jpg"));
    mkdirSync(join(path, "folder.jpg"));
    const fault = await faultOf(open(path));
    expect(fault.message).toContain("1 symbolic link");
  });
});

describe("the folder camera, by name", () => {
  const open = (path: string) => folderCamera({ path, order: "name", maxAgeMs }, { clock });

  it("goes round and round, over captures and over changes in the folder", async () => {
    const path = temporaryFolder();
    for (const name of ["c", "a", "b"]) drop(path, `${name}.jpg`, 86_400_000, marked(name));
    const camera = open(path);
    expect(marks(await framesOf(camera, { frames: 2 }))).toEqual(["a", "b"]);
    drop(path, "bb.jpg", 0, marked("bb"));
    expect(marks(await framesOf(camera, { frames: 4 }))).toEqual(["bb", "c", "a", "b"]);
  });

  it("tells a folder that is missing, and one that is no folder", async () => {
    const path = temporaryFolder();
    drop(path, "file.jpg", 0);
    expect(await faultOf(open(join(path, "none")))).toMatchObject({ code: "camera_off", retryable: true });
    expect(await faultOf(open(join(path, "file.jpg")))).toMatchObject({ code: "camera_off" });
  });

  it("tells a folder that it may not read", async () => {
    const path = temporaryFolder();
    chmodSync(path, 0o000);
    // Root may read anything: be nobody meanwhile.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(await faultOf(open(path))).toMatchObject({ code: "camera_refused", retryable: false });
    } finally {
      if (root) process.seteuid?.(0);
      chmodSync(path, 0o700);
    }
  });
});

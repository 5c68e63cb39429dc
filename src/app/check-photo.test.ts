import { expect, it } from "vitest";
import { photoOf } from "../doorbell/pipeline/household.fixture.ts";
import { shippedSettings } from "../doorbell/recognition/fixtures.ts";
import { checkPhoto } from "./check-photo.ts";

const check = (bytes: Uint8Array, over = {}) => checkPhoto(bytes, { ...shippedSettings.photo, ...over });

it("takes a whole photo and tells what it is, whatever its sender says", async () => {
  expect(await check(await photoOf("nobody"))).toMatchObject({ mediaType: "image/jpeg" });
});

it("refuses what is none, is broken anywhere in it, or is too large, before it is kept", async () => {
  const photo = await photoOf("nobody");
  const cut = photo.subarray(0, photo.length - 2_000);
  await expect(check(Buffer.from("no picture"))).rejects.toMatchObject({ code: "not_an_image", status: 415 });
  await expect(check(new Uint8Array(0))).rejects.toMatchObject({ code: "empty", status: 422 });
  await expect(check(cut)).rejects.toMatchObject({ code: "truncated", status: 422 });
  await expect(check(photo, { maxBytes: 1_024 })).rejects.toMatchObject({ code: "too_large", status: 413 });
  await expect(check(photo, { maxPixels: 1_024 })).rejects.toMatchObject({ code: "too_many_pixels" });
});

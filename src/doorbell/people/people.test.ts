import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unseal } from "../../storage/envelope.ts";
import { readEvents } from "../../storage/events.ts";
import {
  by,
  cameraOf,
  enrolDemonstration,
  type Household,
  openHousehold,
  photoOf,
} from "../pipeline/household.fixture.ts";
import { demoFolder, testEngine } from "../recognition/fixtures.ts";
import type { OnnxEngine } from "../recognition/onnx-engine.ts";
import { nameContext } from "./embedding.ts";
import { type EnrolmentResult, openPeople } from "./people.ts";

let engine: OnnxEngine;
beforeAll(async () => {
  engine = await testEngine();
});
afterAll(() => engine.close());

const group = (): Promise<Buffer> => sharp(join(demoFolder, "sample1.jpg")).toBuffer();
const tiny = async (): Promise<Buffer> =>
  sharp(await photoOf("resident"))
    .resize(170)
    .jpeg()
    .toBuffer();

/** Enrols one photo of somebody new. */
async function enrolPhoto({ people }: Household, bytes: Uint8Array): Promise<[string, EnrolmentResult]> {
  const id = await people.create({ name: "Somebody" }, by);
  return [id, await people.enrol(id, { kind: "photo", bytes }, by)];
}

const audited = async ({ store }: Household) =>
  (await store.database.read.selectFrom("audit").select(["action", "subject", "detail"]).execute()).map(
    ({ action, subject, detail }) => `${action} ${subject} ${detail}`,
  );

it("knows somebody who was enrolled by a photo", async () => {
  await using house = await openHousehold(engine);
  const [id, result] = await enrolPhoto(house, await photoOf("resident"));
  expect(result).toMatchObject({ status: "enrolled" });
  const { visit } = await house.visit({ scene: "resident" });
  expect(visit).toMatchObject({ outcome: "known", person_id: id });
  expect(await house.people.find(id)).toMatchObject({ name: "Somebody", enrolments: 1, portrait: true });
});

it("knows somebody who was enrolled by the face of a past visit", async () => {
  await using house = await openHousehold(engine);
  const { faces } = await house.visit({ scene: "stranger" });
  const id = await house.people.create({ name: "No stranger any more" }, by);
  const face = { kind: "face", faceId: faces[0]!.id } as const;
  expect(await house.people.enrol(id, face, by)).toMatchObject({ status: "enrolled" });
  const { visit } = await house.visit({ scene: "stranger" });
  expect(visit).toMatchObject({ outcome: "known", person_id: id });
  expect(await house.people.find(id)).toMatchObject({ enrolments: 1, portrait: false });
});

it.each([
  ["no face", "enrol_no_face", () => photoOf("nobody")],
  ["several faces", "enrol_several_faces", group],
  ["too small a face", "enrol_face_too_small", tiny],
  ["half a file", "truncated", async () => (await photoOf("resident")).subarray(0, 3_000)],
])("refuses a photo with %s, and keeps nothing of it", async (_, code, photo) => {
  await using house = await openHousehold(engine);
  const [id, result] = await enrolPhoto(house, await photo());
  expect(result).toMatchObject({ status: "refused", code, hint: expect.stringMatching(/\w/) });
  expect(await house.people.find(id)).toMatchObject({ enrolments: 0 });
  expect(await house.queue.depth()).toEqual([]);
  const refused = (await readEvents(house.store.database, 0)).find(
    ({ kind }) => kind === "enrolment.refused",
  )!;
  const photoKept = { owner: { kind: "person", id }, id: refused.subject } as const;
  await expect.poll(() => house.vault.get(photoKept)).toBeUndefined();
});

it("refuses the face of a visit that was erased meanwhile", async () => {
  await using house = await openHousehold(engine);
  const { visit, faces } = await house.visit({ scene: "stranger" });
  await house.store.keys.destroy({ kind: "visit", id: visit.id });
  const id = await house.people.create({ name: "Nobody" }, by);
  const result = await house.people.enrol(id, { kind: "face", faceId: faces[0]!.id }, by);
  expect(result).toMatchObject({ status: "refused", code: "enrol_source_gone" });
});

it("says that an enrolment is pending while no worker comes to it, and it goes on", async () => {
  await using house = await openHousehold(engine);
  await house.worker.stop();
  const id = await house.people.create({ name: "Somebody" }, by);
  const face = { kind: "photo", bytes: await photoOf("resident") } as const;
  expect(await house.people.enrol(id, face, by, AbortSignal.timeout(20))).toMatchObject({
    status: "pending",
  });
  await house.startWorker();
  await expect.poll(() => house.people.find(id), { timeout: 10_000 }).toMatchObject({ enrolments: 1 });
});

it("does not enrol somebody who was removed meanwhile", async () => {
  await using house = await openHousehold(engine);
  await house.worker.stop();
  const id = await house.people.create({ name: "Somebody" }, by);
  const face = { kind: "photo", bytes: await photoOf("resident") } as const;
  await house.people.enrol(id, face, by, AbortSignal.timeout(1));
  await house.people.remove(id, by);
  await house.startWorker();
  await expect.poll(() => house.queue.depth(), { timeout: 10_000 }).toEqual([]);
  expect(await house.people.list()).toEqual([]);
  expect(await house.store.keys.find({ kind: "person", id })).toBeUndefined();
});

it.each(["Ærøskøbing", "山田 太郎", "👩‍👩‍👧", "../../etc/passwd", "a\u0000b", "x".repeat(10_000)])(
  "keeps a name as it is: %#",
  async (name) => {
    await using house = await openHousehold(engine, { camera: cameraOf([]) });
    const id = await house.people.create({ name }, by);
    expect(await house.people.nameOf(id)).toBe(name);
    expect((await house.people.list()).map((person) => person.name)).toEqual([name]);
  },
);

it("destroys the key of whoever is removed: the name cannot be read in any copy of the database", async () => {
  await using house = await openHousehold(engine);
  const { store, people } = house;
  const [id] = await enrolPhoto(house, await photoOf("resident"));
  const owner = { kind: "person", id } as const;
  const copy = await store.database.read.selectFrom("person").select("name").executeTakeFirstOrThrow();
  const portrait = (await people.portraitOf(id))!;
  expect(await people.remove(id, by)).toBe(true);
  expect(await store.keys.find(owner)).toBeUndefined();
  expect(await house.vault.get({ owner, id: portrait })).toBeUndefined();
  const newKey = await store.keys.ensure(owner);
  expect(() => unseal(newKey, copy.name, nameContext(id))).toThrow(
    "it was altered, or sealed under another key",
  );
  expect(await people.nameOf(id)).toBeUndefined();
  expect(await store.database.read.selectFrom("enrolment").selectAll().execute()).toEqual([]);
  expect((await house.visit({ scene: "resident" })).visit).toMatchObject({
    outcome: "unknown",
    person_id: null,
  });
  expect(await people.remove(id, by)).toBe(false);
});

it("ends at the next start a removal that a crash cut off before the key was destroyed", async () => {
  await using house = await openHousehold(engine, { camera: cameraOf([]) });
  const { store, people } = house;
  const keys = {
    ...store.keys,
    destroy: async () => {
      throw new Error("power cut");
    },
  };
  const cutOff = openPeople({ siteId: "home", lane: "blue" }, { ...store, keys, vault: house.vault });
  const [goes, stays] = [
    await people.create({ name: "Goes" }, by),
    await people.create({ name: "Stays" }, by),
  ];
  await expect(cutOff.remove(goes, by)).rejects.toThrow("power cut");
  await people.finishRemovals();
  expect(await store.keys.find({ kind: "person", id: goes })).toBeUndefined();
  expect(await people.nameOf(stays)).toBe("Stays");
});

it("counts a correction against the next match of that face, and of that one alone", async () => {
  await using house = await openHousehold(engine);
  const { resident, watchlist } = await enrolDemonstration(house.people);
  const wrong = await house.visit({ scene: "resident" });
  await house.people.correct(wrong.visit.id, wrong.faces[0]!.id, by);
  expect((await house.done(wrong.visit.id)).visit).toMatchObject({ reason: "corrected" });
  const next = await house.visit({ scene: "resident" });
  expect(next.visit).toMatchObject({ outcome: "unknown", person_id: null });
  expect(next.faces.some(({ person_id }) => person_id === resident)).toBe(false);
  const other = await house.visit({ scene: "watchlist" });
  expect(other.visit).toMatchObject({ outcome: "watchlisted", person_id: watchlist });
});

it("counts the same correction once", async () => {
  await using house = await openHousehold(engine);
  await enrolDemonstration(house.people);
  const { visit, faces } = await house.visit({ scene: "resident" });
  await house.people.correct(visit.id, faces[0]!.id, by);
  await house.people.correct(visit.id, faces[0]!.id, by);
  const unlike = house.store.database.read.selectFrom("enrolment").select("id").where("kind", "=", "unlike");
  expect(await unlike.execute()).toHaveLength(1);
  expect((await audited(house)).filter((line) => line.includes("person.changed"))).toHaveLength(1);
});

it("corrects no face that was not named, and none that is not there", async () => {
  await using house = await openHousehold(engine);
  const { visit, faces } = await house.visit({ scene: "stranger" });
  const correct = (faceId: string) => house.people.correct(visit.id, faceId, by);
  await expect(correct(faces[0]!.id)).rejects.toMatchObject({ code: "face_not_named" });
  await expect(correct(visit.id)).rejects.toMatchObject({ code: "not_found" });
});

it("writes every change into the audit trail, by id and without a name", async () => {
  await using house = await openHousehold(engine);
  const { people } = house;
  const id = await people.create({ name: "Rumpelstiltskin" }, by);
  await people.enrol(id, { kind: "photo", bytes: await photoOf("resident") }, by);
  await people.setWatchlisted(id, true, by);
  await people.remove(id, by);
  const lines = await audited(house);
  expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual(
    ["person.created", "person.enrol", "person.changed", "person.removed"].map(
      (action) => `${action} person:${id}`,
    ),
  );
  expect(lines.join()).not.toContain("Rumpelstiltskin");
  expect(JSON.stringify(await readEvents(house.store.database, 0))).not.toContain("Rumpelstiltskin");
});

import { describe, expect, it } from "vitest";
import type { Tx } from "../storage/database.ts";
import type { VisitTable } from "../storage/schema.ts";
import { insertVisit, type TestStore, testStore } from "../testing/database.ts";
import type { HeldDelivery } from "./leasing.ts";
import type { Message } from "./message.ts";
import { type RenderDeps, selfTestRenderer, visitRenderer } from "./render.ts";

const ANNA = "0197a000-0000-7000-8000-00000000000a";
const thresholds = { matchDistance: 0.5, watchlistDistance: 0.45 };
const known: Partial<VisitTable> = {
  outcome: "known",
  person_id: ANNA,
  distance: 0.38,
  evidence: "agreeing",
  decision: JSON.stringify({ v: 1, thresholds }),
};

const change = (store: TestStore, run: (tx: Tx) => Promise<unknown>) =>
  store.database.write({ name: "test", run: (tx) => run(tx).then(() => {}) }, undefined);

async function visitOf(store: TestStore, changes: Partial<VisitTable>): Promise<string> {
  const id = await insertVisit(store);
  await change(store, (tx) => tx.updateTable("visit").set(changes).where("id", "=", id).execute());
  return id;
}

const delivery = (visitId: string | null): HeldDelivery => ({
  id: "d",
  lease: "l",
  channel: "phone",
  kind: "visit",
  rule: "r",
  urgent: false,
  visitId,
  traceparent: null,
  content: {},
  attempt: 1,
  uncertain: false,
  createdAt: 0,
});

async function tell(store: TestStore, visitId: string | null, deps: Partial<RenderDeps> = {}) {
  const render = visitRenderer({
    database: store.database,
    clock: store.clock,
    nameOf: async (id) => (id === ANNA ? "Anna" : undefined),
    photoOf: async () => undefined,
    linkOf: () => undefined,
    acknowledgeLinkOf: () => undefined,
    ...deps,
  });
  return render(delivery(visitId));
}

describe("a visit's message", () => {
  it("says who, where, when and how sure", async () => {
    await using store = await testStore();
    const visitId = await visitOf(store, known);
    const photo = { mediaType: "image/jpeg", bytes: Uint8Array.of(1) };
    const message = await tell(store, visitId, {
      photoOf: async () => photo,
      linkOf: (id) => `https://door.example/visits/${id}`,
      acknowledgeLinkOf: (id) => `https://door.example/ack/${id}`,
    });
    expect(message).toEqual({
      id: "d",
      kind: "visit",
      urgent: false,
      title: "Front door: Anna is here",
      text: expect.stringMatching(
        /^Time: Thursday, January 1, 2026 at 1:00\sPM\nThe face matches clearly\.\nSeveral pictures agree\.$/,
      ),
      locale: "en",
      visit: {
        id: visitId,
        outcome: "known",
        doorName: "Front door",
        personName: "Anna",
        at: store.clock.now(),
      },
      link: `https://door.example/visits/${visitId}`,
      acknowledgeLink: `https://door.example/ack/${visitId}`,
      photo,
    } satisfies Message);
  });

  it("speaks the language and the zone of the household", async () => {
    await using store = await testStore();
    await change(store, (tx) =>
      tx.updateTable("site").set({ locale: "de-AT", time_zone: "America/New_York" }).execute(),
    );
    const visitId = await visitOf(store, {
      ...known,
      outcome: "watchlisted",
      distance: 0.4,
      evidence: "single",
    });
    expect(await tell(store, visitId)).toMatchObject({
      title: "Front door: Anna ist da und steht auf der Beobachtungsliste",
      text: "Zeit: Donnerstag, 1. Januar 2026 um 07:00\nDas Gesicht stimmt gut überein, aber nicht zweifelsfrei.\nNur ein einziges Bild spricht dafür.",
      locale: "de",
    });
  });

  it("counts strangers by the frame that shows most of them", async () => {
    await using store = await testStore();
    const visitId = await visitOf(store, { outcome: "unknown", distance: 0.7 });
    expect((await tell(store, visitId))?.title).toBe("Front door: an unknown person is here");
    const faces = [
      ["c0", "unknown"],
      ["c1", "unknown"],
      ["c1", "unknown"],
      ["c1", "too_small"],
    ];
    await change(store, async (tx) => {
      for (const [position, id] of ["c0", "c1"].entries()) {
        await tx
          .insertInto("capture")
          .values({
            id,
            visit_id: visitId,
            position,
            taken_at: 0,
            media_type: "image/jpeg",
            width: 1,
            height: 1,
            bytes: 1,
          })
          .execute();
      }
      for (const [position, [capture, verdict]] of faces.entries()) {
        await tx
          .insertInto("face")
          .values({
            ...{ id: `f${position}`, visit_id: visitId, capture_id: capture!, position, verdict: verdict! },
            ...{ x: 0, y: 0, width: 1, height: 1, score: 1, person_id: null, distance: null },
            ...{ embedding: new Uint8Array(), model: "m" },
          })
          .execute();
      }
    });
    expect((await tell(store, visitId))?.title).toBe("Front door: 2 unknown people are here");
  });

  it.each([
    ["no_face", "Front door: somebody is here, no face was seen"],
    ["no_frame", "Front door: somebody is here, the camera gave no picture"],
  ] as const)("of outcome %s says %s", async (outcome, title) => {
    await using store = await testStore();
    const message = await tell(store, await visitOf(store, { outcome }));
    expect(message).toMatchObject({ title, text: expect.not.stringContaining("\n") });
    expect(message).not.toHaveProperty("photo");
  });

  it("says that it is late, and how late", async () => {
    await using store = await testStore();
    const visitId = await visitOf(store, known);
    store.clock.advance(3 * 3_600_000 + 1);
    const message = await tell(store, visitId);
    expect(message?.title).toBe("Late: Front door: Anna is here");
    expect(message?.text).toMatch(/^This message is late: it happened 3 hours ago\.\nTime: /);
  });

  it("goes out without the name of somebody erased, and without what cannot be opened", async () => {
    await using store = await testStore();
    const visitId = await visitOf(store, known);
    const fails = () => Promise.reject(new Error("sealed under another key"));
    for (const nameOf of [async () => undefined, fails]) {
      const message = await tell(store, visitId, { nameOf, photoOf: fails });
      expect(message?.title).toBe("Front door: somebody you know is here");
      expect(message?.visit).not.toHaveProperty("personName");
      expect(message?.text).toContain("The picture could not be read.");
      expect(message).not.toHaveProperty("photo");
    }
  });

  it("is none for a visit that is gone or was never decided", async () => {
    await using store = await testStore();
    expect(await tell(store, "gone")).toBeNull();
    expect(await tell(store, null)).toBeNull();
    expect(await tell(store, await insertVisit(store))).toBeNull();
  });
});

it("a self-test's message names its channel and says that it is a test", async () => {
  await using store = await testStore();
  expect(await selfTestRenderer(store)({ ...delivery(null), kind: "self_test" })).toMatchObject({
    kind: "self_test",
    title: "Test of the channel phone",
    text: expect.stringContaining("Nobody rang."),
  });
});

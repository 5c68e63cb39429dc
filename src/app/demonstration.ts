import { SITE_ID } from "../doorbell/doors.ts";
import { demonstrationCamera } from "../doorbell/hardware/cameras/demonstration.ts";
import { demonstrationPeople } from "../doorbell/hardware/cameras/demonstration-scenes.ts";
import { openPeople } from "../doorbell/people/people.ts";
import { derivedId } from "../lib/ids.ts";
import { readMemo, writeMemo } from "../storage/memo.ts";
import { DEMONSTRATION_ENROLLED } from "./demonstration-enrolled.ts";
import type { Ground } from "./ground.ts";

/** The first worker may still convert its nets, ms. */
const PATIENCE_MS = 120_000;

/**
 * Enrols the people of the demonstration, once: the household may remove them, and they stay removed. Begun
 * again after a crash, it comes to the same two people.
 */
export async function enrolDemonstration(ground: Ground, signal: AbortSignal): Promise<void> {
  const { database, clock, release } = ground;
  if (await readMemo(database.read, DEMONSTRATION_ENROLLED)) return;
  const people = openPeople({ siteId: SITE_ID, lane: release }, ground);
  const by = { actor: "system", origin: "-", at: clock.now() };
  const scenes = demonstrationPeople.map(({ name, enrolment }) => ({
    id: name,
    role: "enrolled" as const,
    description: name,
    frames: enrolment,
  }));
  const camera = demonstrationCamera({}, { clock, scenes });
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  for (const { name, watchlisted, enrolment } of demonstrationPeople) {
    const id = derivedId("demonstration", name);
    if (await people.find(id)) await people.remove(id, by);
    await people.create({ id, name, watchlisted, demonstration: true }, by);
    for await (const { bytes } of camera.capture(
      { frames: enrolment.length, intervalMs: 0, scene: name },
      signal,
    )) {
      await people.enrol(id, { kind: "photo", bytes }, by, patience);
    }
  }
  await camera.close();
  await database.write(writeMemo, { key: DEMONSTRATION_ENROLLED, value: true });
}

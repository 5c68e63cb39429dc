import type { Act } from "../storage/database.ts";

/** The site and its doors as the configuration has them. */
export interface ConfiguredHouse {
  readonly site: {
    readonly id: string;
    readonly name: string;
    readonly timeZone: string;
    readonly locale: string;
  };
  readonly doors: readonly { readonly id: string; readonly name: string; readonly camera: string }[];
}

/**
 * Brings site, doors and cameras to what the configuration says. A door that is gone from it keeps its row,
 * so that its visits keep their name.
 */
export const syncDoors: Act<ConfiguredHouse, void> = {
  name: "doors.sync",
  async run(tx, { site, doors }) {
    const { id, name, timeZone, locale } = site;
    const siteRow = { id, name, time_zone: timeZone, locale };
    await tx
      .insertInto("site")
      .values(siteRow)
      .onConflict((oc) => oc.column("id").doUpdateSet(siteRow))
      .execute();
    await tx.updateTable("door").set({ active: 0 }).execute();
    await tx.updateTable("camera").set({ active: 0 }).execute();
    for (const door of doors) {
      const doorRow = { id: door.id, site_id: id, name: door.name, active: 1 };
      await tx
        .insertInto("door")
        .values(doorRow)
        .onConflict((oc) => oc.column("id").doUpdateSet(doorRow))
        .execute();
      const cameraRow = { id: door.id, door_id: door.id, driver: door.camera, active: 1 };
      await tx
        .insertInto("camera")
        .values(cameraRow)
        .onConflict((oc) => oc.column("id").doUpdateSet(cameraRow))
        .execute();
    }
  },
};

/** The one site of this machine. */
export const SITE_ID = "home";

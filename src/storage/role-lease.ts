import { type Clock, isPast, type Moment } from "../lib/clock.ts";
import type { Act, Database } from "./database.ts";

/** A role that one process at a time may hold, such as `ops`. */
export interface RoleLease {
  /** Grows by one at each change of hands: whoever acts outside tells it, and an older one is refused. */
  readonly fence: number;
}

type TakeArgs = { role: string; holder: string; now: Moment; until: Moment };

/** Takes or renews a role; null while another holder's lease runs. */
export const takeRole: Act<TakeArgs, RoleLease | null> = {
  name: "role.take",
  async run(tx, { role, holder, now, until }) {
    const current = await tx.selectFrom("role_lease").selectAll().where("role", "=", role).executeTakeFirst();
    const free =
      !current ||
      isPast({ boot: current.until_boot, uptimeMs: current.until_uptime }, now) ||
      current.holder === holder;
    if (!free) return null;
    const fence = current ? current.fence + (current.holder === holder ? 0 : 1) : 1;
    const row = { role, holder, fence, until_boot: until.boot, until_uptime: until.uptimeMs };
    await tx
      .insertInto("role_lease")
      .values(row)
      .onConflict((oc) => oc.column("role").doUpdateSet(row))
      .execute();
    return { fence };
  },
};

/** Gives a role back at once, as a process that stops in order does. */
export const yieldRole: Act<{ role: string; holder: string }, void> = {
  name: "role.yield",
  async run(tx, { role, holder }) {
    await tx
      .updateTable("role_lease")
      .set({ until_uptime: 0 })
      .where("role", "=", role)
      .where("holder", "=", holder)
      .execute();
  },
};

/** The acts of this file. */
export const roleActs = [takeRole, yieldRole];

/** Tries to take or keep a role for `forMs`. @param holder unique to this process */
export function holdRole(
  database: Database,
  clock: Clock,
  request: { role: string; holder: string; forMs: number },
): Promise<RoleLease | null> {
  const now = clock.moment();
  const until = { boot: now.boot, uptimeMs: now.uptimeMs + request.forMs };
  return database.write(takeRole, { role: request.role, holder: request.holder, now, until });
}

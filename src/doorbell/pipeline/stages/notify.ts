import type { Clock, Moment } from "../../../lib/clock.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { addDeliveries } from "../../../notifications/outbox.ts";
import type { PlannedDelivery } from "../../../notifications/rules.ts";
import type { Hold } from "../../../queue/sqlite-queue.ts";
import type { Act, Database } from "../../../storage/database.ts";
import type { VisitTable } from "../../../storage/schema.ts";
import { finishVisit } from "../../visit/progress.ts";

/** Who is to hear of a visit, and how it ends. */
export interface NotifyTask {
  readonly visit: VisitTable;
  readonly hold: Hold;
  readonly deliveries: readonly PlannedDelivery[];
  readonly lane: string;
  /** Why the visit goes to the dead letters; null where it went well. */
  readonly dead: string | null;
}

type NotifyArgs = Omit<NotifyTask, "visit"> & { visitId: string; at: number; moment: Moment };

/** Deliveries, the end of the visit and the end of its job are one fact. */
export const notifyVisit: Act<NotifyArgs, void> = {
  name: "visit.notify",
  async run(tx, { visitId, hold, deliveries, lane, dead, at, moment }) {
    await addDeliveries(tx, { visitId, deliveries, lane, at, moment });
    await finishVisit(tx, { hold, visitId, at, dead });
  },
};

/** Last stage: puts what the rules decided into the outbox and ends the visit. */
export async function notify(task: NotifyTask, deps: { database: Database; clock: Clock }): Promise<void> {
  const { visit, ...rest } = task;
  failpoint("notify.before-commit");
  await deps.database.write(notifyVisit, {
    ...rest,
    hold: { id: task.hold.id, lease: task.hold.lease },
    visitId: visit.id,
    at: deps.clock.now(),
    moment: deps.clock.moment(),
  });
  failpoint("notify.after-commit");
}

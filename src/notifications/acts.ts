import type { AnyAct } from "../storage/database.ts";
import { acknowledgeVisit } from "./acknowledge.ts";
import { leaseDeliveries } from "./leasing.ts";
import { markSending, reclaimDeliveries, retryDead, settleDelivery } from "./outbox.ts";

/** Every act of the outbox, for the writer. */
export const notificationActs: readonly AnyAct[] = [
  leaseDeliveries,
  markSending,
  settleDelivery,
  reclaimDeliveries,
  retryDead,
  acknowledgeVisit,
];

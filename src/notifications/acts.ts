import type { AnyAct } from "../storage/database.ts";
import { acknowledgeVisit } from "./acknowledge.ts";
import { noteChannels } from "./channel-states.ts";
import { leaseDeliveries } from "./leasing.ts";
import { markSending, reclaimDeliveries, retryDead, settleDelivery } from "./outbox.ts";
import { putSelfTests } from "./self-test.ts";

/** Every act of the outbox, for the writer. */
export const notificationActs: readonly AnyAct[] = [
  leaseDeliveries,
  markSending,
  settleDelivery,
  reclaimDeliveries,
  retryDead,
  acknowledgeVisit,
  putSelfTests,
  noteChannels,
];

import { syncDoors } from "../doorbell/doors.ts";
import { peopleActs } from "../doorbell/people/library.ts";
import { notifyVisit } from "../doorbell/pipeline/stages/notify.ts";
import { acceptVisit } from "../doorbell/visit/accept.ts";
import { recordCapture, recordDecision } from "../doorbell/visit/progress.ts";
import { accessActs } from "../http/access/acts.ts";
import { notificationActs } from "../notifications/acts.ts";
import { queueActs } from "../queue/sqlite-queue.ts";
import type { AnyAct } from "../storage/database.ts";
import { writeMemo } from "../storage/memo.ts";
import { roleActs } from "../storage/role-lease.ts";

/** Every act of the program: what a process may write, in one list. */
export const acts: readonly AnyAct[] = [
  acceptVisit,
  recordCapture,
  recordDecision,
  notifyVisit,
  syncDoors,
  ...peopleActs,
  ...notificationActs,
  ...accessActs,
  ...queueActs,
  ...roleActs,
  writeMemo,
];

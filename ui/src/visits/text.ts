import type { VisitView } from "../../../src/doorbell/api.ts";
import { timeOfDay } from "../time.ts";
import { say } from "../words.ts";
import { whoOf } from "./visit.ts";

/** What a picture of a visit is called for those who cannot see it: who, where and when. */
export function photoText(visit: VisitView): string {
  return say("photo.text", {
    who: whoOf(visit),
    door: visit.door.name,
    when: timeOfDay(visit.acceptedAt),
  });
}

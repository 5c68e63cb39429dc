import type { EnrolmentAnswer } from "../../../src/doorbell/api.ts";
import { say } from "../words.ts";

/** What to say once a face was given for somebody. */
export function enrolledText({ status }: EnrolmentAnswer, name: string): string {
  return say(status === "enrolled" ? "enrolled" : "enrolled.pending", { name });
}

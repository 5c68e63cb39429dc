import type { VisitView } from "../../../src/doorbell/api.ts";
import { say } from "../words.ts";

/** Why the visit came to what it did, where there is something to say. */
export function Reasons({ visit }: { visit: VisitView }) {
  const { evidence, reason, outcome } = visit;
  return (
    <>
      {evidence !== null && reason === null && <p>{say(`evidence.${evidence}`)}</p>}
      {reason !== null && <p>{reasonText(reason)}</p>}
      {reason === null && outcome === "no_face" && <p>{say("reason.no_face")}</p>}
    </>
  );
}

const REASONS = [
  "corrected",
  "face_too_small",
  "camera_off",
  "camera_timeout",
  "camera_refused",
  "camera_bad_answer",
  "camera_empty",
  "worker_died",
] as const;

function reasonText(code: string): string {
  const known = REASONS.find((each) => each === code);
  return known ? say(`reason.${known}`) : say("reason.unreadable", { code });
}

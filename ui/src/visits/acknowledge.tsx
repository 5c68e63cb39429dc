import type { VisitView } from "../../../src/doorbell/api.ts";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import { post } from "../request.ts";
import { When } from "../when.tsx";
import { say, sayCounted } from "../words.ts";

/** Says that somebody has taken care of it: nobody is told again. */
export function Acknowledge({ visit, onChange }: { visit: VisitView; onChange: () => void }) {
  const { isSending, problem, send } = useSending();
  if (visit.acknowledgedAt !== null) {
    return (
      <p class="quiet">
        ✓ {say("acknowledged")} <When at={visit.acknowledgedAt} as="record" />
      </p>
    );
  }
  if (visit.outcome === null) return null;
  const waiting = visit.deliveries.filter(({ state }) => state === "waiting").length;
  const acknowledge = (): void => void send(() => post(`/api/visits/${visit.id}/acknowledge`), onChange);
  return (
    <>
      <button type="button" class="primary" disabled={isSending} onClick={acknowledge}>
        {waiting > 0 ? sayCounted("acknowledge.waiting", waiting) : say("acknowledge")}
      </button>
      <ProblemNote problem={problem} />
    </>
  );
}

import type { PersonView } from "../../../src/doorbell/api.ts";
import { Dialog } from "../controls/dialog.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import { remove } from "../request.ts";
import { say, sayCounted } from "../words.ts";

/** Asks before somebody is forgotten, and says what is lost. */
export function RemovePerson({
  person: { id, name, enrolments },
  onClose,
  onRemoved,
}: {
  person: PersonView;
  onClose: () => void;
  onRemoved: (message: string) => unknown;
}) {
  const { isSending, problem, send } = useSending();
  const forget = (): void =>
    void send(
      () => remove(`/api/people/${id}`),
      () => onRemoved(say("person.removed.done", { name })),
    );
  return (
    <Dialog title={say("person.remove.title", { name })} onClose={onClose}>
      <p>{sayCounted("person.remove.lost", enrolments)}</p>
      <p>{say("person.remove.final", { name })}</p>
      <ProblemNote problem={problem} />
      <div class="row">
        <button type="button" class="danger" disabled={isSending} onClick={forget}>
          {say("person.remove.action", { name })}
        </button>
        <button type="button" onClick={onClose}>
          {say("person.remove.keep", { name })}
        </button>
      </div>
    </Dialog>
  );
}

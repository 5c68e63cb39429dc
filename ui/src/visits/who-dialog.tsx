import { useEffect, useState } from "preact/hooks";
import type { EnrolmentAnswer, PersonView } from "../../../src/doorbell/api.ts";
import { Dialog } from "../controls/dialog.tsx";
import { Field } from "../controls/field.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Switch } from "../controls/switch.tsx";
import { useSending } from "../controls/use-sending.ts";
import { enrolledText } from "../people/enrolled-text.ts";
import { get, post } from "../request.ts";
import { say } from "../words.ts";
import { FaceCrop } from "./photo.tsx";
import type { PlacedFace } from "./visit.ts";

interface WhoDialogProps {
  readonly placed: PlacedFace;
  readonly onClose: () => void;
  /** Given what to say about it. */
  readonly onAdded: (message: string) => void;
}

/** Asks who an unknown face is, and makes it known: a new person, or one more face of somebody. */
export function WhoDialog({ placed: { face, capture }, onClose, onAdded }: WhoDialogProps) {
  const [people, setPeople] = useState<readonly PersonView[]>([]);
  const [personId, setPersonId] = useState("");
  const [name, setName] = useState("");
  const [watchlisted, setWatchlisted] = useState(false);
  const { isSending, problem, send } = useSending();
  useEffect(() => {
    void get<{ people: PersonView[] }>("/api/people").then(({ value }) => value && setPeople(value.people));
  }, []);

  const isNew = personId === "";
  const who = isNew ? name : people.find(({ id }) => id === personId)!.name;
  const add = (event: Event): void => {
    event.preventDefault();
    const path = isNew ? "/api/people" : `/api/people/${personId}/photos`;
    const body = isNew ? { name, watchlisted, faceId: face.id } : { faceId: face.id };
    void send(
      () => post<EnrolmentAnswer>(path, body),
      (answer) => onAdded(enrolledText(answer, who)),
    );
  };

  return (
    <Dialog title={say("who_is_this")} onClose={onClose}>
      <form class="stack" onSubmit={add}>
        <FaceCrop capture={capture} face={face} />
        {people.length > 0 && (
          <Field label={say("who.is")}>
            <select value={personId} onChange={({ currentTarget }) => setPersonId(currentTarget.value)}>
              <option value="">{say("who.is.new")}</option>
              {people.map((person) => (
                <option key={person.id} value={person.id}>
                  {person.name}
                </option>
              ))}
            </select>
          </Field>
        )}
        {isNew && (
          <>
            <Field label={say("name")}>
              <input
                name="name"
                required
                maxLength={200}
                autocomplete="off"
                value={name}
                onInput={({ currentTarget }) => setName(currentTarget.value)}
              />
            </Field>
            <Switch label={say("watchlist.switch")} checked={watchlisted} onChange={setWatchlisted} />
          </>
        )}
        <ProblemNote problem={problem} />
        <button type="submit" class="primary" disabled={isSending}>
          {isNew ? say("who.add.new") : say("who.add", { name: who })}
        </button>
      </form>
    </Dialog>
  );
}

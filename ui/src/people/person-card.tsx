import { useState } from "preact/hooks";
import type { EnrolmentAnswer, PersonView } from "../../../src/doorbell/api.ts";
import { FilePick } from "../controls/file-pick.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Switch } from "../controls/switch.tsx";
import { Tag } from "../controls/tag.tsx";
import { useSending } from "../controls/use-sending.ts";
import { patch, photoForm, post } from "../request.ts";
import { say, sayCounted } from "../words.ts";
import { enrolledText } from "./enrolled-text.ts";
import { RemovePerson } from "./remove-person.tsx";

/** Somebody whom the house knows, and what can be done about it. @param onChange with what to say; resolves when the list shows it */
export function PersonCard({
  person,
  onChange,
}: {
  person: PersonView;
  onChange: (message: string) => Promise<void>;
}) {
  const { isSending, problem, send } = useSending();
  /** What the switch shows until the server has answered. */
  const [wanted, setWanted] = useState<boolean>();
  const [isRemoving, setRemoving] = useState(false);
  const { id, name, watchlisted, demonstration, enrolments, portrait } = person;

  const watch = async (on: boolean): Promise<void> => {
    setWanted(on);
    await send(
      () => patch(`/api/people/${id}`, { watchlisted: on }),
      () => onChange(say(on ? "watchlist.on" : "watchlist.off", { name })),
    );
    setWanted(undefined);
  };
  const addPhoto = (photo: File): void =>
    void send(
      () => post<EnrolmentAnswer>(`/api/people/${id}/photos`, photoForm(photo)),
      (answer) => onChange(enrolledText(answer, name)),
    );

  return (
    <li class="person" data-row tabIndex={-1}>
      {portrait ? (
        <img class="portrait" src={portrait} alt={say("portrait", { name })} loading="lazy" />
      ) : (
        <span class="portrait stand-in" aria-hidden="true">
          {name.slice(0, 1)}
        </span>
      )}
      <div class="stack grow">
        <div>
          <h2>{name}</h2>
          <p class="quiet small row">
            {sayCounted("person.photos", enrolments)}
            {demonstration && <Tag text={say("demonstration")} />}
          </p>
        </div>
        <Switch
          label={say("watchlist.switch")}
          checked={wanted ?? watchlisted}
          disabled={isSending}
          onChange={watch}
        />
        <div class="row">
          <FilePick label={say("person.add_photo")} disabled={isSending} onPick={addPhoto} />
          <button type="button" onClick={() => setRemoving(true)}>
            {say("person.remove")}
          </button>
        </div>
        <ProblemNote problem={problem} />
      </div>
      {isRemoving && <RemovePerson person={person} onClose={() => setRemoving(false)} onRemoved={onChange} />}
    </li>
  );
}

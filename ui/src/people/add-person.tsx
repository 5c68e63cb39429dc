import { useEffect, useState } from "preact/hooks";
import type { EnrolmentAnswer } from "../../../src/doorbell/api.ts";
import { Field } from "../controls/field.tsx";
import { FilePick } from "../controls/file-pick.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Switch } from "../controls/switch.tsx";
import { useSending } from "../controls/use-sending.ts";
import { photoForm, post } from "../request.ts";
import { say } from "../words.ts";
import { enrolledText } from "./enrolled-text.ts";

/** Makes somebody known by a photo. @param onAdded with what to say about it */
export function AddPerson({ onAdded }: { onAdded: (message: string) => unknown }) {
  const [name, setName] = useState("");
  const [watchlisted, setWatchlisted] = useState(false);
  const [photo, setPhoto] = useState<File>();
  const preview = usePreview(photo);
  const { isSending, problem, send } = useSending();

  const add = (event: Event): void => {
    event.preventDefault();
    if (!photo) return;
    const form = photoForm(photo, { name, watchlisted: String(watchlisted) });
    void send(
      () => post<EnrolmentAnswer>("/api/people", form),
      (answer) => {
        setName("");
        setWatchlisted(false);
        setPhoto(undefined);
        onAdded(enrolledText(answer, name));
      },
    );
  };

  return (
    <form class="panel stack" onSubmit={add}>
      <h2>{say("people.add")}</h2>
      {preview ? (
        <img class="preview" src={preview} alt={say("people.add.preview")} />
      ) : (
        <p class="preview stand-in">{say("people.add.hint")}</p>
      )}
      <div class="row">
        <FilePick label={say(photo ? "people.add.another" : "people.add.photo")} onPick={setPhoto} />
      </div>
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
      <p class="quiet small">{say("watchlist.explained")}</p>
      <ProblemNote problem={problem} />
      <button type="submit" class="primary" disabled={isSending || !photo}>
        {say(isSending ? "people.add.sending" : "people.add.action")}
      </button>
    </form>
  );
}

/** An address under which the browser shows a file that was picked. */
function usePreview(file: File | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = file && URL.createObjectURL(file);
    setUrl(made);
    return () => {
      if (made) URL.revokeObjectURL(made);
    };
  }, [file]);
  return url;
}

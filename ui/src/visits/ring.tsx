import { useEffect, useState } from "preact/hooks";
import type { DoorView, PressAnswer } from "../../../src/doorbell/api.ts";
import { Field } from "../controls/field.tsx";
import { FilePick } from "../controls/file-pick.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import { get, photoForm, press } from "../request.ts";
import { say } from "../words.ts";

/** Every door with its button, as if one stood before it. */
export function Ring({ onPressed }: { onPressed: (visitId: string) => void }) {
  const [doors, setDoors] = useState<readonly DoorView[]>([]);
  useEffect(() => {
    void get<{ doors: DoorView[] }>("/api/doors").then(({ value }) => value && setDoors(value.doors));
  }, []);
  return (
    <div class="rings">
      {doors.map((door) => (
        <RingDoor key={door.id} door={door} onPressed={onPressed} />
      ))}
    </div>
  );
}

function RingDoor({ door, onPressed }: { door: DoorView; onPressed: (visitId: string) => void }) {
  const [scene, setScene] = useState("");
  const [isMerged, setMerged] = useState(false);
  const { isSending, problem, send } = useSending();
  const ring = (body: FormData | object): void =>
    void send(
      () => press<PressAnswer>(`/api/doors/${encodeURIComponent(door.id)}/press`, body),
      ({ status, visitId }) => {
        setMerged(status === "merged");
        onPressed(visitId);
      },
    );

  return (
    <section class="panel stack">
      <h2>{say("ring.at", { door: door.name })}</h2>
      {door.scenes.length > 0 && (
        <Field label={say("ring.scene")}>
          <select value={scene} onChange={({ currentTarget }) => setScene(currentTarget.value)}>
            <option value="">{say("ring.scene.next")}</option>
            {door.scenes.map(({ id, description }) => (
              <option key={id} value={id}>
                {description}
              </option>
            ))}
          </select>
        </Field>
      )}
      <div class="row">
        <button type="button" disabled={isSending} onClick={() => ring(scene ? { scene } : {})}>
          {say("ring")}
        </button>
        <FilePick label={say("ring.photo")} disabled={isSending} onPick={(file) => ring(photoForm(file))} />
      </div>
      {isMerged && <p class="quiet small">{say("ring.merged")}</p>}
      <ProblemNote problem={problem} />
    </section>
  );
}

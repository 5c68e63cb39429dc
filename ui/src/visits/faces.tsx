import { useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import { post } from "../request.ts";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { FaceCrop } from "./photo.tsx";
import {
  type CaptureView,
  distanceText,
  type FaceView,
  faceName,
  faceStanding,
  faceWidth,
  nameOf,
  type PlacedFace,
} from "./visit.ts";
import { WhoDialog } from "./who-dialog.tsx";

/** The faces of one frame, each with what can be said about it. @param onChange after something was said */
export function Faces({
  visit,
  capture,
  onChange,
}: {
  visit: VisitView;
  capture: CaptureView;
  onChange: () => void;
}) {
  const frame = visit.captures.indexOf(capture) + 1;
  return (
    <ul class="faces">
      {capture.faces.map((face, index) => (
        <FaceRow
          key={face.id}
          visit={visit}
          placed={{ face, capture, frame, number: index + 1 }}
          onChange={onChange}
        />
      ))}
    </ul>
  );
}

interface FaceRowProps {
  readonly visit: VisitView;
  readonly placed: PlacedFace;
  readonly onChange: () => void;
}

function FaceRow({ visit, placed, onChange }: FaceRowProps) {
  const { face, capture, number } = placed;
  const { isSending, problem, send } = useSending();
  const [isAsking, setAsking] = useState(false);
  const [added, setAdded] = useState<string>();
  const standing = faceStanding(face);
  const deny = (): void =>
    void send(() => post(`/api/visits/${visit.id}/faces/${face.id}/not-this-person`), onChange);

  return (
    <li class="face">
      <FaceCrop capture={capture} face={face} />
      <div class="grow">
        <p class="marked">
          <Mark standing={standing} />
          {capture.faces.length > 1 && <span>{number}</span>}
          <strong>{faceName(face)}</strong>
        </p>
        <p class="quiet small">{added ?? whyOf(placed, visit)}</p>
      </div>
      {(standing === "known" || standing === "watchlisted") && (
        <button type="button" disabled={isSending} onClick={deny}>
          {say("not_this_person")}
        </button>
      )}
      {(standing === "unknown" || standing === "corrected") && added === undefined && (
        <button type="button" onClick={() => setAsking(true)}>
          {say("who_is_this")}
        </button>
      )}
      <ProblemNote problem={problem} />
      {isAsking && (
        <WhoDialog
          placed={placed}
          onClose={() => setAsking(false)}
          onAdded={(message) => {
            setAdded(message);
            setAsking(false);
          }}
        />
      )}
    </li>
  );
}

/** Why a face was taken for what it was, in a sentence. */
function whyOf(placed: PlacedFace, { thresholds }: VisitView): string {
  const { face } = placed;
  if (face.verdict === "too_small" && thresholds) {
    const width = faceWidth(placed);
    const needed = String(thresholds.minFaceWidthPx);
    if (width !== undefined) return say("why.too_small", { width: String(width), needed });
  }
  if (face.corrected) return say("why.corrected");
  return nearestOf(face);
}

function nearestOf({ nearest, distance, verdict }: FaceView): string {
  if (!nearest || distance === null) return say("why.nobody");
  const told = { distance: distanceText(distance) };
  if (verdict === "watchlisted" || verdict === "named") return say(`why.${verdict}`, told);
  return say("why.unknown", { name: nameOf(nearest), ...told });
}

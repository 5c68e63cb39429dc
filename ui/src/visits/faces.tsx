import type { VisitView } from "../../../src/doorbell/api.ts";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import { post } from "../request.ts";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { FaceCrop } from "./photo.tsx";
import type { Who } from "./use-who.tsx";
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

interface FacesProps {
  readonly visit: VisitView;
  readonly capture: CaptureView;
  readonly who: Who;
  /** After something was said about a face. */
  readonly onChange: () => void;
}

/** The faces of one frame, each with what can be said about it. */
export function Faces({ capture, ...rest }: FacesProps) {
  const frame = rest.visit.captures.indexOf(capture) + 1;
  return (
    <ul class="faces">
      {capture.faces.map((face, index) => (
        <FaceRow key={face.id} placed={{ face, capture, frame, number: index + 1 }} {...rest} />
      ))}
    </ul>
  );
}

type FaceRowProps = Omit<FacesProps, "capture"> & { readonly placed: PlacedFace };

function FaceRow({ visit, placed, who, onChange }: FaceRowProps) {
  const { face, capture, number } = placed;
  const { isSending, problem, send } = useSending();
  const answered = who.answered(face.id);
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
        <p class="quiet small">{answered ?? whyOf(placed, visit)}</p>
      </div>
      {(standing === "known" || standing === "watchlisted") && (
        <button type="button" disabled={isSending} onClick={deny}>
          {say("not_this_person")}
        </button>
      )}
      {(standing === "unknown" || standing === "corrected") && answered === undefined && (
        <button type="button" onClick={() => who.ask(placed)}>
          {say("who_is_this")}
        </button>
      )}
      <ProblemNote problem={problem} />
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

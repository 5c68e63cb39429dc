import { useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { say } from "../words.ts";
import { Acknowledge } from "./acknowledge.tsx";
import { Deliveries } from "./deliveries.tsx";
import { DistanceLine } from "./distance-line.tsx";
import { Faces } from "./faces.tsx";
import { VisitHead } from "./outcome.tsx";
import { Frame, Photo, Thumbnail } from "./photo.tsx";
import { Reasons } from "./reasons.tsx";
import { photoText } from "./text.ts";
import type { Who } from "./use-who.tsx";
import { mainCapture } from "./visit.ts";

/** The newest visit, large: who it is, why, and what to do about it. */
export function Newest({ visit, who, onChange }: { visit: VisitView; who: Who; onChange: () => void }) {
  const [chosen, choose] = useState<string>();
  const capture = visit.captures.find(({ id }) => id === chosen) ?? mainCapture(visit);
  return (
    <>
      <div class="newest-photo">
        {capture ? (
          <Photo key={capture.id} capture={capture} alt={photoText(visit)} />
        ) : (
          <Frame>
            <p class="stand-in">{say(visit.outcome === null ? "photo.coming" : "photo.none")}</p>
          </Frame>
        )}
        {visit.captures.length > 1 && (
          <fieldset class="strip" aria-label={say("frames")}>
            {visit.captures.map((each, index) => (
              <button
                key={each.id}
                type="button"
                class="plain"
                aria-pressed={each === capture}
                aria-label={say("frame.number", { number: String(index + 1) })}
                onClick={() => choose(each.id)}
              >
                <Thumbnail capture={each} alt="" />
              </button>
            ))}
          </fieldset>
        )}
      </div>
      <div class="newest-words stack">
        <VisitHead visit={visit} as="news" />
        <Acknowledge visit={visit} onChange={onChange} />
        {capture && <Faces visit={visit} capture={capture} who={who} onChange={onChange} />}
        <Reasons visit={visit} />
        <DistanceLine visit={visit} />
        <Deliveries visit={visit} />
        <a href={`#/visits/${visit.id}`}>{say("record.open")}</a>
      </div>
    </>
  );
}

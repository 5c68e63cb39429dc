import type { VisitView } from "../../../src/doorbell/api.ts";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { type Dot, dotsOf, flagsOf } from "./scale.ts";
import { distanceText, faceName, faceStanding, facesOf } from "./visit.ts";

/** How near every face was to somebody known: dots on a line from 0 to 1, and the thresholds that decided. */
export function DistanceLine({ visit }: { visit: VisitView }) {
  const dots = dotsOf(facesOf(visit));
  if (dots.length === 0 || !visit.thresholds) return null;
  const rows = 1 + Math.max(...dots.map(({ row }) => row));
  const flags = flagsOf(visit.thresholds);
  return (
    <section class="panel">
      <h2>{say("distances")}</h2>
      <div class="scale" role="img" aria-label={dots.map(dotText).join("; ")} style={{ "--rows": rows }}>
        <span class="scale-end">0</span>
        <div class="scale-line">
          <span class="scale-near" style={{ width: `${visit.thresholds.matchDistance * 100}%` }} />
          {dots.map((dot) => (
            <span
              key={dot.placed.face.id}
              class="scale-dot"
              style={{ left: `${dot.at * 100}%`, "--row": dot.row }}
              title={dotText(dot)}
            >
              <Mark standing={faceStanding(dot.placed.face)} />
            </span>
          ))}
          <span class="scale-value" style={{ left: `${dots[0]!.at * 100}%` }}>
            {distanceText(dots[0]!.placed.face.distance!)}
          </span>
          {flags.map(({ at, name }, index) => (
            <span
              key={name}
              class={`scale-flag ${at > 0.6 ? "left" : ""}`}
              style={{ left: `${at * 100}%`, "--row": index }}
            >
              <b>{distanceText(at)}</b> {say(`threshold.${name}`)}
            </span>
          ))}
        </div>
        <span class="scale-end">1</span>
      </div>
      <p class="quiet small">{say("distances.explained")}</p>
    </section>
  );
}

function dotText({ placed: { face, frame, number } }: Dot): string {
  return say("distances.dot", {
    frame: String(frame),
    number: String(number),
    name: faceName(face),
    distance: distanceText(face.distance!),
  });
}

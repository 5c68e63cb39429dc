import type { ComponentChildren } from "preact";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { When } from "../when.tsx";
import { say } from "../words.ts";
import { distanceText } from "./visit.ts";

/** What is kept of a visit beside its pictures: how it came, with what and by what it was decided. */
export function VisitRecord({ visit }: { visit: VisitView }) {
  const { thresholds, decidedAt } = visit;
  return (
    <section class="panel">
      <h2>{say("record")}</h2>
      <dl class="facts">
        <Fact name={say("record.id")}>
          <code>{visit.id}</code>
        </Fact>
        <Fact name={say("record.source")}>{visit.source}</Fact>
        <Fact name={say("record.accepted")}>
          <When at={visit.acceptedAt} as="record" />
        </Fact>
        {decidedAt !== null && (
          <Fact name={say("record.decided")}>
            <When at={decidedAt} as="record" /> (
            {say("record.took", { ms: String(decidedAt - visit.acceptedAt) })})
          </Fact>
        )}
        <Fact name={say("record.release")}>{visit.release}</Fact>
        {visit.model !== null && <Fact name={say("record.model")}>{visit.model}</Fact>}
        {thresholds && (
          <>
            <Fact name={say("record.match")}>{distanceText(thresholds.matchDistance)}</Fact>
            <Fact name={say("record.watchlist")}>{distanceText(thresholds.watchlistDistance)}</Fact>
            <Fact name={say("record.watchlist_single")}>
              {distanceText(thresholds.watchlistSingleDistance)}
            </Fact>
            <Fact name={say("record.width")}>{thresholds.minFaceWidthPx} px</Fact>
          </>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

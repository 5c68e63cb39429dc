import { useEffect, useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Skeleton } from "../controls/skeleton.tsx";
import { get, type Problem } from "../request.ts";
import { When } from "../when.tsx";
import { say } from "../words.ts";
import { Acknowledge } from "./acknowledge.tsx";
import { Deliveries } from "./deliveries.tsx";
import { DistanceLine } from "./distance-line.tsx";
import { Faces } from "./faces.tsx";
import { VisitHead } from "./outcome.tsx";
import { Frame, Photo } from "./photo.tsx";
import { Reasons } from "./reasons.tsx";
import { VisitRecord } from "./record.tsx";
import { photoText } from "./text.ts";
import type { Visits } from "./use-visits.ts";
import { useWho } from "./use-who.tsx";

/** One visit with all its frames and its whole record. */
export function VisitPage({ id, visits }: { id: string; visits: Visits }) {
  const live = visits.list?.visits.find((visit) => visit.id === id);
  const [fetched, setFetched] = useState<VisitView>();
  const [problem, setProblem] = useState<Problem>();
  const load = async (): Promise<void> => {
    const answer = await get<VisitView>(`/api/visits/${id}`);
    setProblem(answer.problem);
    if (answer.value) setFetched(answer.value);
  };
  useEffect(() => {
    void load();
  }, [id]);

  const visit = live ?? fetched;
  if (!visit) {
    return problem ? <ProblemNote problem={problem} retry={load} /> : <Skeleton />;
  }
  const onChange = (): void => void (live ? visits.refresh(id) : load());
  return <WholeVisit visit={visit} onChange={onChange} />;
}

function WholeVisit({ visit, onChange }: { visit: VisitView; onChange: () => void }) {
  const who = useWho();
  return (
    <>
      <a href="#/">← {say("nav.door")}</a>
      <div class="row spread">
        <VisitHead visit={visit} as="record" />
        <Acknowledge visit={visit} onChange={onChange} />
      </div>
      <article class="newest">
        <div class="newest-photo stack">
          {visit.captures.length === 0 && (
            <Frame>
              <p class="stand-in">{say(visit.outcome === null ? "photo.coming" : "photo.none")}</p>
            </Frame>
          )}
          {visit.captures.map((capture, index) => (
            <figure key={capture.id} class="stack">
              <Photo capture={capture} alt={photoText(visit)} />
              <figcaption class="quiet small">
                {say("frame.number", { number: String(index + 1) })} ·{" "}
                <When at={capture.takenAt} as="record" />
                {capture.width !== null && ` · ${capture.width} × ${capture.height} px`}
              </figcaption>
              <Faces visit={visit} capture={capture} who={who} onChange={onChange} />
            </figure>
          ))}
        </div>
        <div class="newest-words stack">
          <Reasons visit={visit} />
          <DistanceLine visit={visit} />
          <Deliveries visit={visit} />
          <VisitRecord visit={visit} />
        </div>
      </article>
      {who.dialog}
    </>
  );
}

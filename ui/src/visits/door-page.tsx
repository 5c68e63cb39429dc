import { ProblemNote } from "../controls/problem-note.tsx";
import { Skeleton } from "../controls/skeleton.tsx";
import { say } from "../words.ts";
import { Newest } from "./newest.tsx";
import { Past } from "./past.tsx";
import { Ring } from "./ring.tsx";
import { photoText } from "./text.ts";
import type { Visits } from "./use-visits.ts";
import { useWho } from "./use-who.tsx";

/** The start page: who is at the door now, and who was before. */
export function DoorPage({ visits }: { visits: Visits }) {
  const { list, problem, reload, refresh } = visits;
  const newest = list?.visits[0];
  const who = useWho();
  const pressed = (visitId: string): void => {
    void refresh(visitId);
    scrollTo(0, 0);
  };
  return (
    <>
      <p class="unseen" role="status">
        {newest && photoText(newest)}
      </p>
      <ProblemNote problem={problem} retry={reload} />
      <div class={newest || !list ? "newest" : "empty"}>
        {newest && (
          <Newest key={newest.id} visit={newest} who={who} onChange={() => void refresh(newest.id)} />
        )}
        {!newest && (list ? <NoVisits /> : !problem && <NewestSkeleton />)}
        <Ring onPressed={pressed} />
      </div>
      <Past visits={visits} />
      {who.dialog}
    </>
  );
}

function NoVisits() {
  return (
    <>
      <h1>{say("door.empty")}</h1>
      <p class="quiet">{say("door.empty.hint")}</p>
    </>
  );
}

function NewestSkeleton() {
  return (
    <>
      <Skeleton class="newest-photo">
        <div class="stage skeleton" />
      </Skeleton>
      <div class="newest-words stack">
        <div class="skeleton line-short" />
        <div class="skeleton line-title" />
        <div class="skeleton line-short" />
        <div class="skeleton block" />
      </div>
    </>
  );
}

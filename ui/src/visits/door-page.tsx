import type { ComponentChildren } from "preact";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Skeleton } from "../controls/skeleton.tsx";
import { say } from "../words.ts";
import { Newest } from "./newest.tsx";
import { Past } from "./past.tsx";
import { Ring } from "./ring.tsx";
import { photoText } from "./text.ts";
import type { Visits } from "./use-visits.ts";

/** The start page: who is at the door now, and who was before. */
export function DoorPage({ visits }: { visits: Visits }) {
  const { list, problem, reload, refresh } = visits;
  const newest = list?.visits[0];
  const ring = (
    <Ring
      onPressed={(visitId) => {
        void refresh(visitId);
        scrollTo(0, 0);
      }}
    />
  );
  return (
    <>
      <p class="unseen" role="status">
        {newest && photoText(newest)}
      </p>
      <ProblemNote problem={problem} retry={reload} />
      {newest && (
        <Newest key={newest.id} visit={newest} onChange={() => void refresh(newest.id)}>
          {ring}
        </Newest>
      )}
      {!newest && (list ? <NoVisits>{ring}</NoVisits> : !problem && <NewestSkeleton />)}
      <Past visits={visits} />
    </>
  );
}

function NoVisits({ children }: { children: ComponentChildren }) {
  return (
    <div class="empty">
      <h1>{say("door.empty")}</h1>
      <p class="quiet">{say("door.empty.hint")}</p>
      {children}
    </div>
  );
}

function NewestSkeleton() {
  return (
    <Skeleton class="newest">
      <div class="newest-photo">
        <div class="stage skeleton" />
      </div>
      <div class="newest-words stack">
        <div class="skeleton line-short" />
        <div class="skeleton line-title" />
        <div class="skeleton line-short" />
        <div class="skeleton block" />
      </div>
    </Skeleton>
  );
}

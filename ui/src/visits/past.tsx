import { useContext, useState } from "preact/hooks";
import type { VisitView } from "../../../src/doorbell/api.ts";
import { Tag } from "../controls/tag.tsx";
import { dayOf, timeOfDay } from "../time.ts";
import { Now } from "../when.tsx";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { OutcomeBadge } from "./outcome.tsx";
import { Thumbnail } from "./photo.tsx";
import { photoText } from "./text.ts";
import type { Visits } from "./use-visits.ts";
import { mainCapture, standingOf, whoOf } from "./visit.ts";

/** The visits before the newest, a day under the other, and a search among those that are here. */
export function Past({ visits: { list, older } }: { visits: Visits }) {
  const now = useContext(Now);
  const [search, setSearch] = useState("");
  const past = list?.visits.slice(1) ?? [];
  if (!list || past.length === 0) return null;
  const found = past.filter((visit) => textOf(visit).includes(search.trim().toLocaleLowerCase()));
  const days = Map.groupBy(found, ({ acceptedAt }) => dayOf(acceptedAt, now));
  return (
    <section class="past">
      <header class="row spread">
        <h2>{say("past")}</h2>
        <input
          type="search"
          data-search
          placeholder={say("past.search")}
          aria-label={say("past.search")}
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      </header>
      {found.length === 0 && <p class="quiet">{say("past.none")}</p>}
      {[...days].map(([day, visits]) => (
        <section key={day}>
          <h3>{day}</h3>
          <ul class="cards">
            {visits.map((visit) => (
              <li key={visit.id}>
                <PastVisit visit={visit} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {list.next !== null && (
        <button type="button" onClick={() => void older()}>
          {say("past.older")}
        </button>
      )}
    </section>
  );
}

function PastVisit({ visit }: { visit: VisitView }) {
  const capture = mainCapture(visit);
  return (
    <a class="card" data-row href={`#/visits/${visit.id}`}>
      {capture ? (
        <Thumbnail capture={capture} alt={photoText(visit)} />
      ) : (
        <span class="thumbnail stand-in">
          <Mark standing={standingOf(visit)} />
        </span>
      )}
      <span class="card-words">
        <OutcomeBadge visit={visit} />
        <strong>{whoOf(visit)}</strong>
        <span class="quiet small">
          {timeOfDay(visit.acceptedAt)} · {visit.door.name}
        </span>
        {visit.demonstration && <Tag text={say("demonstration")} />}
      </span>
    </a>
  );
}

function textOf(visit: VisitView): string {
  const words = [whoOf(visit), say(`outcome.${standingOf(visit)}`), visit.door.name];
  return words.join(" ").toLocaleLowerCase();
}

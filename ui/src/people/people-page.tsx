import { useEffect, useState } from "preact/hooks";
import type { PersonView } from "../../../src/doorbell/api.ts";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Skeleton } from "../controls/skeleton.tsx";
import { get, type Problem } from "../request.ts";
import { say } from "../words.ts";
import { AddPerson } from "./add-person.tsx";
import { PersonCard } from "./person-card.tsx";

/** Whom the house knows. */
export function PeoplePage() {
  const [people, setPeople] = useState<readonly PersonView[]>();
  const [problem, setProblem] = useState<Problem>();
  const [search, setSearch] = useState("");
  const [news, setNews] = useState<string>();
  const load = async (): Promise<void> => {
    const answer = await get<{ people: PersonView[] }>("/api/people");
    setProblem(answer.problem);
    if (answer.value) setPeople(answer.value.people);
  };
  useEffect(() => {
    void load();
  }, []);
  const onChange = (message: string): Promise<void> => {
    setNews(message);
    return load();
  };

  const wanted = search.trim().toLocaleLowerCase();
  const found = people?.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
  return (
    <>
      <header class="row spread">
        <h1>{say("nav.people")}</h1>
        {people && people.length > 0 && (
          <input
            type="search"
            data-search
            placeholder={say("people.search")}
            aria-label={say("people.search")}
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        )}
      </header>
      <ProblemNote problem={problem} retry={load} />
      <p class="said" role="status">
        {news}
      </p>
      <div class="people">
        <div>
          {!found && !problem && <PeopleSkeleton />}
          {people?.length === 0 && <p class="empty">{say("people.empty")}</p>}
          {people && people.length > 0 && found?.length === 0 && <p class="quiet">{say("people.none")}</p>}
          <ul class="person-cards">
            {found?.map((person) => (
              <PersonCard key={person.id} person={person} onChange={onChange} />
            ))}
          </ul>
        </div>
        <AddPerson onAdded={onChange} />
      </div>
    </>
  );
}

function PeopleSkeleton() {
  return (
    <Skeleton class="person-cards">
      <div class="person skeleton" />
      <div class="person skeleton" />
    </Skeleton>
  );
}

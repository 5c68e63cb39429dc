import { useEffect } from "preact/hooks";
import { SetupPage } from "./access/setup-page.tsx";
import { SignInPage } from "./access/sign-in-page.tsx";
import { useSession } from "./access/use-session.ts";
import { ProblemNote } from "./controls/problem-note.tsx";
import { PeoplePage } from "./people/people-page.tsx";
import type { Route } from "./route.ts";
import { Shell } from "./shell.tsx";
import { SystemPage } from "./system/system-page.tsx";
import { useRoute } from "./use-route.ts";
import { DoorPage } from "./visits/door-page.tsx";
import { useVisits, type Visits } from "./visits/use-visits.ts";
import { VisitPage } from "./visits/visit-page.tsx";
import { Now, useTick } from "./when.tsx";
import { say } from "./words.ts";

/** Setup, sign-in, or the house. */
export function App() {
  const route = useRoute();
  const { session, ask, leave } = useSession();
  if (route.page === "setup") {
    const enter = (): void => {
      location.replace("#/");
      void ask();
    };
    return <SetupPage token={route.token} onDone={enter} />;
  }
  switch (session.state) {
    case "asking":
      return null;
    case "signed-out":
      return <SignInPage onDone={ask} />;
    case "unreachable":
      return (
        <main class="alone">
          <ProblemNote problem={session.problem} retry={ask} />
        </main>
      );
    case "signed-in":
      return <House route={route} userName={session.name} onSignOut={leave} />;
  }
}

/** All that needs a sign-in. The visits are followed here, so that every page knows how fresh it is. */
function House({ route, userName, onSignOut }: { route: Route; userName: string; onSignOut: () => void }) {
  const visits = useVisits();
  const now = useTick();
  const title =
    route.page === "people" || route.page === "system" ? say(`nav.${route.page}`) : say("nav.door");
  useEffect(() => {
    document.title = `${title} · ${say("title")}`;
    scrollTo(0, 0);
  }, [title]);
  return (
    <Now.Provider value={now}>
      <Shell route={route} userName={userName} offlineSince={visits.offlineSince} onSignOut={onSignOut}>
        <Page route={route} visits={visits} />
      </Shell>
    </Now.Provider>
  );
}

function Page({ route, visits }: { route: Route; visits: Visits }) {
  switch (route.page) {
    case "visit":
      return <VisitPage key={route.id} id={route.id} visits={visits} />;
    case "people":
      return <PeoplePage />;
    case "system":
      return <SystemPage />;
    default:
      return <DoorPage visits={visits} />;
  }
}

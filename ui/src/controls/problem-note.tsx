import type { Problem } from "../request.ts";
import { say } from "../words.ts";

/** What failed and what can be done, in the server's own words; `retry` where trying again may help. */
export function ProblemNote({
  problem,
  retry,
}: {
  problem: Problem | undefined;
  retry?: (() => void) | undefined;
}) {
  if (!problem) return null;
  return (
    <div class="note problem" role="alert">
      <p>
        <strong>{sentence(problem.detail)}</strong>
        {problem.hint && ` ${problem.hint}`}
      </p>
      {retry && (
        <button type="button" onClick={retry}>
          {say("retry")}
        </button>
      )}
    </div>
  );
}

/** The server's messages begin small and end without a stop. */
function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

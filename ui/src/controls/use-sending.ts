import { useState } from "preact/hooks";
import type { Answer, Problem } from "../request.ts";

/** One request at a time that a button or a form makes, and how it went. */
export interface Sending {
  readonly isSending: boolean;
  readonly problem: Problem | undefined;
  /** Sends; `then` gets the answer unless it was refused. */
  send<T>(request: () => Promise<Answer<T>>, then?: (value: T) => unknown): Promise<void>;
}

/** The state behind a button that sends something. */
export function useSending(): Sending {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  return {
    isSending,
    problem,
    async send(request, then) {
      if (isSending) return;
      setSending(true);
      const answer = await request();
      setProblem(answer.problem);
      if (!answer.problem) await then?.(answer.value);
      setSending(false);
    },
  };
}

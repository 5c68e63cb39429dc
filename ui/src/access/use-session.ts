import { useEffect, useState } from "preact/hooks";
import { get, type Problem, post, SIGNED_OUT } from "../request.ts";

/** Who is signed in, as the page knows it. */
export type Session =
  | { readonly state: "asking" }
  | { readonly state: "signed-out" }
  | { readonly state: "signed-in"; readonly name: string }
  | { readonly state: "unreachable"; readonly problem: Problem };

/** The session, what asks for it anew, and what ends it. */
export interface SessionControl {
  readonly session: Session;
  readonly ask: () => Promise<void>;
  readonly leave: () => Promise<void>;
}

/** Asks at once, and hears when the server no longer knows us. */
export function useSession(): SessionControl {
  const [session, setSession] = useState<Session>({ state: "asking" });
  const signedOut = (): void => setSession({ state: "signed-out" });
  const ask = async (): Promise<void> => {
    const { value, problem } = await get<{ user: { name: string } | null }>("/api/session");
    if (value) setSession({ state: "signed-in", name: value.user?.name ?? "" });
    else if (problem && problem.status !== 401) setSession({ state: "unreachable", problem });
  };
  const leave = async (): Promise<void> => {
    const { problem } = await post("/api/sign-out");
    if (!problem) signedOut();
  };
  useEffect(() => {
    void ask();
    addEventListener(SIGNED_OUT, signedOut);
    return () => removeEventListener(SIGNED_OUT, signedOut);
  }, []);
  return { session, ask, leave };
}

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PlacedFace } from "./visit.ts";
import { WhoDialog } from "./who-dialog.tsx";

/** The question who a face is. It outlives the visit on the page: a new one must not take the words away. */
export interface Who {
  ask(placed: PlacedFace): void;
  /** What came of it for a face, where somebody answered. */
  answered(faceId: string): string | undefined;
  /** The open question, for the page to show. */
  readonly dialog: JSX.Element | undefined;
}

/** The state of the question on a page with faces. */
export function useWho(): Who {
  const [asked, ask] = useState<PlacedFace>();
  const [answers, setAnswers] = useState<ReadonlyMap<string, string>>(new Map());
  const answer = (message: string): void => {
    setAnswers(new Map([...answers, [asked!.face.id, message]]));
    ask(undefined);
  };
  return {
    ask,
    answered: (faceId) => answers.get(faceId),
    dialog: asked && <WhoDialog placed={asked} onClose={() => ask(undefined)} onAdded={answer} />,
  };
}

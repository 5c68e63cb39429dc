import type { ComponentChildren } from "preact";
import { say } from "../words.ts";

/** As large as what will be there, so that nothing jumps. @param children for shapes other than a block */
export function Skeleton({
  class: name = "skeleton block",
  children,
}: {
  class?: string;
  children?: ComponentChildren;
}) {
  return (
    <div class={name} role="status" aria-busy="true" aria-label={say("loading")}>
      {children}
    </div>
  );
}

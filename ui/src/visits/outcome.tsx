import type { VisitView } from "../../../src/doorbell/api.ts";
import { Tag } from "../controls/tag.tsx";
import { When } from "../when.tsx";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { standingOf, whoOf } from "./visit.ts";

/** What a visit came to: shape, colour and word. */
export function OutcomeBadge({ visit }: { visit: VisitView }) {
  const standing = standingOf(visit);
  return (
    <span class={`outcome ${standing}`}>
      <Mark standing={standing} />
      {say(`outcome.${standing}`)}
    </span>
  );
}

/** The head of a visit: outcome, who, when, where. */
export function VisitHead({ visit, as }: { visit: VisitView; as: "news" | "record" }) {
  return (
    <header class="heading">
      <p class="row">
        <OutcomeBadge visit={visit} />
        {visit.demonstration && <Tag text={say("demonstration")} />}
        {visit.synthetic && <Tag text={say("synthetic")} />}
      </p>
      <h1>{whoOf(visit)}</h1>
      <p class="quiet">
        <When at={visit.acceptedAt} as={as} /> · {visit.door.name}
      </p>
    </header>
  );
}

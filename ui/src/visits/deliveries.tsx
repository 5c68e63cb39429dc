import type { VisitView } from "../../../src/doorbell/api.ts";
import { When } from "../when.tsx";
import { say, sayCounted } from "../words.ts";

const SIGNS: Readonly<Record<VisitView["deliveries"][number]["state"], string>> = {
  waiting: "…",
  delivered: "✓",
  dead: "!",
  cancelled: "–",
};

/** Who was told of a visit, and whether it arrived. */
export function Deliveries({ visit }: { visit: VisitView }) {
  if (visit.deliveries.length === 0) {
    return visit.state === "done" ? <p class="quiet">{say("deliveries.none")}</p> : null;
  }
  return (
    <section class="panel">
      <h2>{say("deliveries")}</h2>
      <ul class="lines">
        {visit.deliveries.map(({ id, channel, state, attempts, error, deliveredAt }) => (
          <li key={id} class={`line ${state === "dead" ? "bad" : ""}`}>
            <span class="sign" aria-hidden="true">
              {SIGNS[state]}
            </span>
            <span class="grow">{channel}</span>
            <span>
              {say(`delivery.${state}`)} {deliveredAt !== null && <When at={deliveredAt} as="record" />}
            </span>
            {(state === "dead" || attempts > 1) && (
              <p class="quiet small">
                {sayCounted("delivery.attempts", attempts)}
                {error !== null && ` ${error}`}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

import type { Clock } from "../../../lib/clock.ts";
import { type OnPress, type Press, type PressReceipt, type Trigger, TriggerError } from "./trigger.ts";

/** What a caller says of a press; the trigger adds the time. */
export type CalledPress = Omit<Press, "source" | "at" | "moment"> & {
  /** Who called: another program, the page, or the command line. `http` where absent. */
  readonly source?: "http" | "page" | "cli";
};

/** A trigger that is driven by calls: the route of the web process calls it. */
export interface HttpTrigger extends Trigger {
  /**
   * Delivers one press and resolves when it is durable.
   * @throws TriggerError while the trigger is stopped, or what `onPress` rejected with
   */
  press(press: CalledPress): Promise<PressReceipt>;
}

/** Creates the trigger; `stop` waits for calls in flight, so that a release hands over without losing one. */
export function httpTrigger(deps: { readonly clock: Clock }): HttpTrigger {
  const { clock } = deps;
  const inFlight = new Set<Promise<PressReceipt>>();
  let deliver: OnPress | undefined;

  return {
    kind: "http",
    async start(onPress) {
      deliver = onPress;
    },
    async press(press) {
      if (deliver === undefined) throw stopped();
      const receipt = deliver({ source: "http", ...press, at: clock.now(), moment: clock.moment() });
      inFlight.add(receipt);
      return receipt.finally(() => inFlight.delete(receipt));
    },
    async stop() {
      deliver = undefined;
      await Promise.allSettled(inFlight);
    },
  };
}

function stopped(): TriggerError {
  return new TriggerError("press over http: the trigger is stopped", {
    code: "trigger_stopped",
    hint: "The system is starting, stopping or changing its release: press again in a second.",
    retryable: true,
  });
}

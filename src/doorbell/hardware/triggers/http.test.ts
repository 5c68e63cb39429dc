import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../lib/clock.ts";
import { httpTrigger } from "./http.ts";
import { triggerContract } from "./trigger.contract.ts";
import { type Press, TriggerError } from "./trigger.ts";

triggerContract("http", async () => {
  const trigger = httpTrigger({ clock: systemClock() });
  return { trigger, doorId: "front", press: () => trigger.press({ doorId: "front" }), close: async () => {} };
});

describe("the HTTP trigger", () => {
  it("passes on what the caller says and answers with the visit", async () => {
    const clock = manualClock();
    const trigger = httpTrigger({ clock });
    const presses: Press[] = [];
    await trigger.start(async (press) => {
      presses.push(press);
      return { visitId: "visit-1", status: "merged" };
    });
    const receipt = await trigger.press({
      doorId: "front",
      button: "left",
      key: { name: "abc", request: "0f" },
      scene: "friend",
    });
    expect(receipt).toEqual({ visitId: "visit-1", status: "merged" });
    const at = { at: clock.now(), moment: clock.moment() };
    expect(presses).toEqual([
      {
        doorId: "front",
        button: "left",
        key: { name: "abc", request: "0f" },
        scene: "friend",
        source: "http",
        ...at,
      },
    ]);
  });

  it("tells the caller that a press was not recorded, and why", async () => {
    const trigger = httpTrigger({ clock: manualClock() });
    await trigger.start(() => Promise.reject(new Error("disk full")));
    await expect(trigger.press({ doorId: "front" })).rejects.toThrow("disk full");
    await trigger.stop();
  });

  it("refuses a press while it is stopped, to be tried again", async () => {
    const trigger = httpTrigger({ clock: manualClock() });
    const refused = trigger.press({ doorId: "front" });
    await expect(refused).rejects.toBeInstanceOf(TriggerError);
    await expect(refused).rejects.toMatchObject({ code: "trigger_stopped", retryable: true });
  });
});

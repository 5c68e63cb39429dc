import { afterEach, describe, expect, it } from "vitest";
import type { OnPress, Press, Trigger } from "./trigger.ts";

/** One driver set up with real parts. */
export interface TriggerRig {
  readonly trigger: Trigger;
  /** The door whose button `press` presses. */
  readonly doorId: string;
  /** Presses at the real source; resolves or rejects when the source has its answer. */
  press(): Promise<unknown>;
  /** Takes down what the rig set up beside the trigger. */
  close(): Promise<void>;
}

/** A handler that records what is delivered, as the visits do. */
function recorder() {
  const presses: Press[] = [];
  const onPress: OnPress = async (press) => {
    presses.push(press);
    return { visitId: `visit-${presses.length}`, status: "accepted" };
  };
  return { presses, onPress };
}

/** What every trigger driver does. */
export function triggerContract(driver: string, setUp: () => Promise<TriggerRig>): void {
  describe(`the trigger contract, ${driver}`, () => {
    const closing: (() => Promise<void>)[] = [];

    async function start(): Promise<TriggerRig> {
      const rig = await setUp();
      closing.push(
        () => rig.trigger.stop(),
        () => rig.close(),
      );
      return rig;
    }

    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });

    it("delivers each press once, with its door, its source and when it happened", async () => {
      const { trigger, press, doorId } = await start();
      const { presses, onPress } = recorder();
      await trigger.start(onPress);
      const before = Date.now();
      await press();
      await press();
      await expect.poll(() => presses.length).toBe(2);
      for (const each of presses) {
        expect(each).toMatchObject({ doorId, source: trigger.kind });
        expect(each.at).toBeGreaterThanOrEqual(before);
        expect(each.at).toBeLessThanOrEqual(Date.now());
        expect(each.moment.uptimeMs).toBeGreaterThan(0);
      }
    });

    it("goes on after a press that could not be recorded", async () => {
      const { trigger, press } = await start();
      const { presses, onPress } = recorder();
      let full = true;
      await trigger.start(async (each) => {
        if (full) throw new Error("disk full");
        return onPress(each);
      });
      await press().catch(() => {});
      full = false;
      await press();
      await expect.poll(() => presses.length).toBeGreaterThan(0);
    });

    it("waits, when it stops, for the press that is being recorded", async () => {
      const { trigger, press } = await start();
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      const { promise: written, resolve: write } = Promise.withResolvers<void>();
      const events: string[] = [];
      await trigger.start(async () => {
        begin();
        await written;
        events.push("recorded");
        return { visitId: "visit-1", status: "accepted" };
      });
      const pressed = press();
      await begun;
      const stopped = trigger.stop().then(() => events.push("stopped"));
      write();
      await Promise.all([pressed, stopped]);
      expect(events).toEqual(["recorded", "stopped"]);
    });

    it("delivers nothing before it starts nor after it stopped, and starts again", async () => {
      const { trigger, press } = await start();
      const first = recorder();
      const second = recorder();
      await press().catch(() => {});
      await trigger.start(first.onPress);
      await press();
      await expect.poll(() => first.presses.length).toBeGreaterThan(0);
      await trigger.stop();
      await trigger.stop();
      const delivered = first.presses.length;
      await press().catch(() => {});
      await trigger.start(second.onPress);
      await press();
      await expect.poll(() => second.presses.length).toBeGreaterThan(0);
      expect(first.presses).toHaveLength(delivered);
    });
  });
}

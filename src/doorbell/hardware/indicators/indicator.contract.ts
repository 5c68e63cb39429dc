import { afterEach, describe, expect, it } from "vitest";
import { INDICATOR_STATES, type Indicator, IndicatorError, type IndicatorState } from "./indicator.ts";

/** One driver set up with real parts. */
export interface IndicatorRig {
  readonly indicator: Indicator;
  /** What the real light, display or log has shown so far, oldest first. */
  shown(): Promise<{ doorId: string; state: IndicatorState }[]>;
  /** Takes down what the rig set up beside the indicator. */
  close(): Promise<void>;
}

/** What every indicator driver does. */
export function indicatorContract(driver: string, setUp: () => Promise<IndicatorRig>): void {
  describe(`the indicator contract, ${driver}`, () => {
    const closing: (() => Promise<void>)[] = [];

    async function start(): Promise<IndicatorRig> {
      const rig = await setUp();
      closing.push(
        () => rig.indicator.close(),
        () => rig.close(),
      );
      return rig;
    }

    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });

    it("shows every state, in the order of the calls", async () => {
      const { indicator, shown } = await start();
      await Promise.all(INDICATOR_STATES.map((state) => indicator.show(state, "front")));
      expect(await shown()).toEqual(INDICATOR_STATES.map((state) => ({ doorId: "front", state })));
    });

    it("shows nothing after it was closed, and says so", async () => {
      const { indicator, shown } = await start();
      await indicator.close();
      await indicator.close();
      const refused = indicator.show("pressed", "front");
      await expect(refused).rejects.toBeInstanceOf(IndicatorError);
      await expect(refused).rejects.toMatchObject({ code: "indicator_closed" });
      expect(await shown()).toEqual([]);
    });
  });
}

import fc from "fast-check";
import { expect, it } from "vitest";
import { type Verdict, worst } from "./verdict.ts";

const VERDICTS: readonly Verdict[] = ["pass", "fail", "unknown", "stale", "manual", "insufficient"];

it("knows nothing over nothing", () => {
  expect(worst([])).toBe("unknown");
});

it("passes only when there is something and all of it passes, and fails when anything does", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...VERDICTS), { minLength: 1 }), (verdicts) => {
      expect(worst(verdicts) === "pass").toBe(verdicts.every((verdict) => verdict === "pass"));
      expect(worst(verdicts) === "fail").toBe(verdicts.includes("fail"));
      expect(verdicts).toContain(worst(verdicts));
    }),
  );
});

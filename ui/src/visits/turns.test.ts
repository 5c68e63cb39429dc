import { expect, it } from "vitest";
import { turns } from "./turns.ts";

it("runs one task at a time, in order, and a key once more when it is asked for while its task runs", async () => {
  const inTurn = turns();
  const said: string[] = [];
  const slow = Promise.withResolvers<void>();
  const task =
    (name: string, until: Promise<void> = Promise.resolve()) =>
    async () => {
      said.push(`${name} begins`);
      await until;
      said.push(`${name} ends`);
    };
  const first = inTurn("a", task("a", slow.promise));
  const waiting = inTurn("b", task("b"));
  expect(inTurn("b", task("never"))).toBe(waiting);
  await Promise.resolve();
  const again = inTurn("a", task("a again"));
  expect(again).not.toBe(first);
  slow.resolve();
  await again;
  expect(said).toEqual(["a begins", "a ends", "b begins", "b ends", "a again begins", "a again ends"]);
});

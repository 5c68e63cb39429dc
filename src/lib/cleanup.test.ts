import { expect, it } from "vitest";
import { cleanup } from "./cleanup.ts";

/** A cleanup whose steps write their name down, each a turn of the event loop after it began. */
function recorded(names: readonly string[]) {
  const stopped: string[] = [];
  const steps = cleanup();
  for (const name of names) {
    steps.add(name, async () => {
      stopped.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      stopped.push(name);
    });
  }
  return { steps, stopped };
}

it("stops what was started last first, one after another", async () => {
  const { steps, stopped } = recorded(["database", "server"]);
  await steps.run();
  expect(stopped).toEqual(["server begins", "server", "database begins", "database"]);
});

it("runs each step once", async () => {
  const { steps, stopped } = recorded(["a"]);
  await steps.run();
  await steps.run();
  expect(stopped).toEqual(["a begins", "a"]);
});

it("runs what was added after a run that had nothing to do", async () => {
  const { steps, stopped } = recorded([]);
  await steps.run();
  steps.add("late", () => void stopped.push("late"));
  await steps.run();
  expect(stopped).toEqual(["late"]);
});

it("keeps the order and waits for the end when it is asked twice, as by two signals", async () => {
  const { steps, stopped } = recorded(["database", "server"]);
  const first = steps.run();
  await steps.run();
  expect(stopped).toEqual(["server begins", "server", "database begins", "database"]);
  await first;
});

it("runs the other steps when one fails, then names all that failed", async () => {
  const stopped: string[] = [];
  const steps = cleanup();
  steps.add("database", () => void stopped.push("database"));
  steps.add("server", () => {
    throw new Error("port is stuck");
  });
  steps.add("worker", async () => Promise.reject("gone"));
  await expect(steps.run()).rejects.toMatchObject({
    message: "stop worker: gone; stop server: port is stuck",
    errors: [{ cause: "gone" }, { cause: { message: "port is stuck" } }],
  });
  expect(stopped).toEqual(["database"]);
});

it("also stops what is started while it stops", async () => {
  const stopped: string[] = [];
  const steps = cleanup();
  steps.add("server", () => steps.add("late", () => void stopped.push("late")));
  await steps.run();
  expect(stopped).toEqual(["late"]);
});

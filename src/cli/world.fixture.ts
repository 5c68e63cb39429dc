import type { World } from "./context.ts";
import type { Sink } from "./output.ts";

/** A `Sink` that keeps what is written. */
export function memorySink(isTTY = false): Sink & { text: string } {
  const sink = {
    text: "",
    isTTY,
    write(text: string) {
      sink.text += text;
    },
  };
  return sink;
}

/** A `World` for tests: streams in memory, an environment of its own. */
export function memoryWorld(env: NodeJS.ProcessEnv = {}) {
  const world = { stdout: memorySink(), stderr: memorySink(), env, signal: new AbortController().signal };
  return world satisfies World;
}

import { Readable } from "node:stream";
import type { Answers } from "./confirm.ts";
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

/** A `World` for tests: streams in memory, an environment of its own, nobody at the keyboard. */
export function memoryWorld(env: NodeJS.ProcessEnv = {}) {
  const stdin: Answers = Readable.from([]);
  const signal = new AbortController().signal;
  const world = { stdin, stdout: memorySink(), stderr: memorySink(), env, signal };
  return world satisfies World;
}

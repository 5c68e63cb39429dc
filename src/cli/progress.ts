import type { Sink } from "./output.ts";
import { printable } from "./table.ts";

/** Work shorter than this says nothing, ms. */
const SILENT_MS = 1_000;
/** How often a line is written where none can be written over, ms. */
const PLAIN_EVERY_MS = 10_000;
/** How often the line on a terminal is written over, ms. */
const TERMINAL_EVERY_MS = 200;

/**
 * Does the work, telling of it after a second: on a terminal in one line that is written over and gone in
 * the end, else in a plain line every ten seconds.
 * @param work is given a function that takes what it is at, such as `3 of 12`
 */
export async function withProgress<T>(
  sink: Sink,
  label: string,
  work: (report: (detail: string) => void) => Promise<T>,
): Promise<T> {
  const start = performance.now();
  let detail = "";
  let told = false;
  const tell = () => {
    told = true;
    const seconds = Math.floor((performance.now() - start) / 1000);
    const text = printable([label, detail, `${seconds} s`].filter(Boolean).join(", "));
    sink.write(sink.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  };
  let repeat: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    tell();
    repeat = setInterval(tell, sink.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS);
  }, SILENT_MS);
  try {
    return await work((now) => {
      detail = now;
    });
  } finally {
    clearTimeout(first);
    clearInterval(repeat);
    if (told && sink.isTTY) sink.write("\r\x1b[K");
  }
}

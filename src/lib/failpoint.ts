/**
 * Named places where a fault campaign may end this process, as a power cut would.
 *
 * `DOORBELL_FAILPOINTS="capture.before-commit=3,outbox.after-send"` kills the process with SIGKILL when it
 * passes that place the third (or first) time. Without the variable a failpoint is one comparison.
 */
const armed = parse(process.env.DOORBELL_FAILPOINTS);

/** Marks a place between two steps of which a crash must not lose or repeat the effect. */
export function failpoint(name: string): void {
  if (armed === undefined) return;
  const left = armed.get(name);
  if (left === undefined) return;
  if (left > 1) armed.set(name, left - 1);
  else process.kill(process.pid, "SIGKILL");
}

function parse(text: string | undefined): Map<string, number> | undefined {
  if (!text) return undefined;
  return new Map(
    text.split(",").map((entry) => {
      const [name = "", count = "1"] = entry.split("=");
      return [name.trim(), Number(count)];
    }),
  );
}

import { useEffect } from "preact/hooks";
import { Dialog } from "./controls/dialog.tsx";
import { say } from "./words.ts";

/** The keys that the whole page knows. @param onHelp for `?` */
export function useKeys(onHelp: () => void): void {
  useEffect(() => {
    const actions = new Map([
      ["/", () => document.querySelector<HTMLElement>("[data-search]")?.focus()],
      ["j", () => moveFocus(1)],
      ["k", () => moveFocus(-1)],
      ["?", onHelp],
    ]);
    const act = (event: KeyboardEvent): void => {
      const action = actions.get(event.key);
      if (!action || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", act);
    return () => removeEventListener("keydown", act);
  }, [onHelp]);
}

/** All keys, as `?` shows them. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={say("keys")} onClose={onClose}>
      <dl class="facts keys">
        {(["/", "j", "k", "Enter", "?", "Esc"] as const).map((key) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{say(`keys.${key}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches("input:not([type=checkbox]), select, textarea");

/** To the next or the previous row of the page's list; to the first where none has the focus. */
function moveFocus(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  rows[current < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, current + step))]?.focus();
}

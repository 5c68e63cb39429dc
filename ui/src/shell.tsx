import type { ComponentChildren } from "preact";
import { useCallback, useState } from "preact/hooks";
import { KeysDialog, useKeys } from "./keys.tsx";
import type { Route } from "./route.ts";
import { timeOfDay } from "./time.ts";
import { say } from "./words.ts";

const PLACES = [
  ["door", "#/"],
  ["people", "#/people"],
  ["system", "#/system"],
] as const;

interface ShellProps {
  readonly route: Route;
  readonly userName: string;
  readonly offlineSince: number | undefined;
  readonly onSignOut: () => void;
  readonly children: ComponentChildren;
}

/** What is around every page of who is signed in: the three places, who it is, and whether all is fresh. */
export function Shell({ route, userName, offlineSince, onSignOut, children }: ShellProps) {
  const [areKeysShown, showKeys] = useState(false);
  useKeys(useCallback(() => showKeys(true), []));
  const place = route.page === "visit" ? "door" : route.page;
  return (
    <>
      <header class="bar">
        <nav aria-label={say("nav")}>
          {PLACES.map(([name, href]) => (
            <a key={name} href={href} aria-current={place === name ? "page" : undefined}>
              {say(`nav.${name}`)}
            </a>
          ))}
        </nav>
        <div class="row">
          <span class="quiet user">{userName}</span>
          <button
            type="button"
            class="plain keys-button"
            onClick={() => showKeys(true)}
            aria-label={say("keys")}
          >
            ?
          </button>
          <button type="button" class="plain" onClick={onSignOut}>
            {say("sign_out")}
          </button>
        </div>
      </header>
      {offlineSince !== undefined && (
        <p class="banner" role="status">
          {say("offline", { time: timeOfDay(offlineSince) })}
        </p>
      )}
      <main>{children}</main>
      {areKeysShown && <KeysDialog onClose={() => showKeys(false)} />}
    </>
  );
}

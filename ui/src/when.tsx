import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { ago, inFull, recorded } from "./time.ts";

/** The moment that the page calls now, ms since the epoch; moves twice a minute. */
export const Now = createContext(Date.now());

/** What `Now` is given. */
export function useTick(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(ticking);
  }, []);
  return now;
}

/** A moment: `news` as long ago, `record` to the second; all of it on hover. */
export function When({ at, as }: { at: number; as: "news" | "record" }) {
  const now = useContext(Now);
  return (
    <time dateTime={new Date(at).toISOString()} title={inFull(at)}>
      {as === "news" ? ago(now - at) : recorded(at, now)}
    </time>
  );
}

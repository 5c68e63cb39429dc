import { get } from "../request.ts";

/** What the stream of visits tells. */
export interface Follower {
  /** The stream is open: from now on every change is told. Also after each break. */
  open(): void;
  /** Something about this visit has changed. */
  changed(visitId: string): void;
  /** The stream broke, at this moment (ms since the epoch), and did not come back at once. */
  lost(since: number): void;
}

const KINDS = [
  "visit.accepted",
  "visit.decided",
  "visit.done",
  "visit.acknowledged",
  "visit.corrected",
  "delivery.sent",
  "delivery.failed",
  "delivery.dead",
  "delivery.cancelled",
];

/** A break shorter than this is not worth a word, ms. */
const PATIENCE_MS = 4_000;
/** How long to wait before a stream that the server refused is asked for again, ms. */
const RETRY_MS = 3_000;

/** Follows the visits until the returned function is called; comes back by itself after every break. */
export function followVisits(follower: Follower): () => void {
  let source: EventSource;
  let retrying: ReturnType<typeof setTimeout> | undefined;
  let losing: ReturnType<typeof setTimeout> | undefined;

  const settle = (): void => {
    clearTimeout(losing);
    losing = undefined;
  };
  const lose = (patienceMs: number): void => {
    const since = Date.now();
    losing ??= setTimeout(() => follower.lost(since), patienceMs);
  };
  const connect = (): void => {
    clearTimeout(retrying);
    source?.close();
    source = new EventSource("/api/visits/stream");
    source.onopen = () => {
      settle();
      follower.open();
    };
    source.onerror = () => {
      lose(PATIENCE_MS);
      if (source.readyState === EventSource.CLOSED) retrying = setTimeout(connect, RETRY_MS);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, ({ data }) => follower.changed(JSON.parse(data).visitId));
    }
    // The server says why it ends: when we are signed out, the answer to this tells the page.
    source.addEventListener("end", () => void get("/api/session"));
  };
  const goOffline = (): void => lose(0);
  // A browser has six connections for all its pages of one server: one that nobody sees gives its own back.
  const lookAway = (): void => {
    if (document.hidden) {
      source.close();
      settle();
    } else connect();
  };

  connect();
  addEventListener("online", connect);
  addEventListener("offline", goOffline);
  document.addEventListener("visibilitychange", lookAway);
  return () => {
    source.close();
    settle();
    clearTimeout(retrying);
    removeEventListener("online", connect);
    removeEventListener("offline", goOffline);
    document.removeEventListener("visibilitychange", lookAway);
  };
}

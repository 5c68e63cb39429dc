// What supervisor and child say to each other over the channel of `spawn`. Supervisor and release may be of
// different ages: each ignores what it does not know, and a field once here keeps its meaning.

/** From the supervisor to a child. */
export type ToChild =
  | { readonly type: "ping" }
  | { readonly type: "stop" }
  | { readonly type: "reload"; readonly id: number };

/** From a child to the supervisor. `detail` tells a person what was reloaded, or why it was refused. */
export type FromChild =
  | { readonly type: "ready" }
  | { readonly type: "pong" }
  | { readonly type: "reloaded"; readonly id: number; readonly ok: boolean; readonly detail: string };

/** What came over the channel, of whatever age or origin: an object with a `type` that may be unknown, or nothing. */
export function asMessage<T extends ToChild | FromChild>(received: unknown): T | undefined {
  return typeof received === "object" && received !== null && "type" in received
    ? (received as T)
    : undefined;
}

/** The descriptor at which a child finds its listening socket, as the first one systemd passes. */
export const LISTEN_DESCRIPTOR = 3;

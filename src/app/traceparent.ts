import { randomBytes } from "node:crypto";

/** A new sampled trace (W3C Trace Context, level 1), for what began outside any span. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}

import type { IncomingHttpHeaders } from "node:http";

/** Whether a page of ours sent a request: `unsaid` where the client is no browser, or an old one. */
export type Sender = "same" | "cross" | "unsaid";

/**
 * Judges by what browsers say and pages cannot forge: `Sec-Fetch-Site`, else `Origin` against `Host`, since
 * over plain HTTP in a house only the latter is sent (the method of Go's `http.CrossOriginProtection`).
 * @param publicOrigin origin of the public address, for proxies that change `Host`
 */
export function senderOf(headers: IncomingHttpHeaders, publicOrigin?: string): Sender {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none" ? "same" : "cross";
  const { origin, host } = headers;
  if (origin === undefined) return "unsaid";
  if (origin === publicOrigin) return "same";
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase() ? "same" : "cross";
}

/** True for methods that change nothing (RFC 9110, 9.2.1). */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

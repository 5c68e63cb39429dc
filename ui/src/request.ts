import { say } from "./words.ts";

/** What the server says of a refusal (RFC 9457), or what is said for a server that cannot be reached. */
export interface Problem {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
}

/** A refusal is an answer, too. */
export type Answer<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly problem: Problem; readonly value?: undefined };

const READ_TIMEOUT_MS = 15_000;

/** Told to the window when the server no longer knows who asks. */
export const SIGNED_OUT = "doorbell:signed-out";

export const get = <T>(path: string): Promise<Answer<T>> => request("GET", path);
export const post = <T = void>(path: string, body?: unknown): Promise<Answer<T>> =>
  request("POST", path, body);
export const patch = <T = void>(path: string, body: unknown): Promise<Answer<T>> =>
  request("PATCH", path, body);
export const remove = (path: string): Promise<Answer<void>> => request("DELETE", path);

/**
 * Presses once, however often the network has to carry it: the key makes repeating safe.
 * @param body a form with the photo, or plain JSON
 */
export const press = <T>(path: string, body: object): Promise<Answer<T>> =>
  request("POST", path, body, { "idempotency-key": randomKey() });

/** A form with a photo and some fields. As a form, because the server then looks at the file, not at its type. */
export function photoForm(photo: File, fields: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("photo", photo);
  return form;
}

async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { method, ...encoded(body, headers), ...patience(method) });
    if (response.status === 401) dispatchEvent(new Event(SIGNED_OUT));
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const answer: unknown = isJson ? await response.json() : undefined;
    return response.ok ? { value: answer as T } : { problem: problemOf(response.status, answer) };
  } catch {
    const [detail, hint] = [say("problem.unreachable"), say("problem.unreachable.hint")];
    return { problem: { status: 0, code: "unreachable", detail, hint } };
  }
}

/** What only reads has an answer soon or never; a photo may take its time. */
const patience = (method: string): RequestInit =>
  method === "GET" ? { signal: AbortSignal.timeout(READ_TIMEOUT_MS) } : {};

/** Forms go as forms, everything else as JSON. */
function encoded(body: unknown, headers: Record<string, string>): RequestInit {
  if (body === undefined) return { headers };
  if (body instanceof FormData) return { headers, body };
  return { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

function problemOf(status: number, answer: unknown): Problem {
  const { code = "", detail, hint = "" } = (answer ?? {}) as Partial<Problem>;
  return { status, code, detail: detail ?? say("problem.status", { status: String(status) }), hint };
}

/** 128 random bits. `crypto.randomUUID` is missing on a page that came without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

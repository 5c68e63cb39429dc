import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { secret } from "../../lib/settings.ts";
import {
  type Channel,
  ChannelError,
  interrupted,
  isLoopback,
  type ResolveSecret,
  unreachable,
} from "../channel.ts";
import type { Message } from "../message.ts";
import { signWebhook } from "./webhook-signature.ts";

/** Settings of a webhook channel. Without `insecure`, `http://` is refused but to loopback. */
export const webhookSettings = z
  .strictObject({
    kind: z.literal("webhook").describe("Posts each message as signed JSON to an address of yours."),
    url: z.url({ protocol: /^https?$/ }).describe("Where it posts to. Redirects are not followed."),
    secret: secret().describe(
      "Where the secret lies that the receiver checks the signature with: `env:`, `file:` or `command:`.",
    ),
    photo: z.boolean().default(false).describe("Sends the photo along, in base64."),
    insecure: z
      .boolean()
      .default(false)
      .describe("Allows `http://` beyond this machine: names can be read on the way."),
  })
  .refine(({ url, insecure }) => insecure || url.startsWith("https:") || isLoopback(new URL(url).hostname), {
    error: "is not encrypted; use https://, or say `insecure: true`",
    path: ["url"],
  });

/** What the driver needs. */
export interface WebhookDeps {
  readonly clock: Clock;
  readonly resolveSecret: ResolveSecret;
  /** How host names become addresses: the place for a policy on private addresses. The system's by default. */
  readonly lookup?: LookupFunction;
}

/**
 * A channel that posts JSON (shape: `webhookBody`) with the headers `Doorbell-Id`, `Doorbell-Timestamp` and
 * `Doorbell-Signature`; receivers check them with `verifyWebhook`. Any answer of the 200s counts as taken.
 *
 * @param name as configured
 */
export function webhookChannel(
  name: string,
  config: z.infer<typeof webhookSettings>,
  { clock, resolveSecret, lookup }: WebhookDeps,
): Channel {
  return {
    kind: "webhook",
    name,
    recognisesRepeats: true,
    async deliver(message, signal) {
      const body = JSON.stringify(webhookBody(message, config.photo));
      const timestamp = String(Math.floor(clock.now() / 1000));
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "doorbell",
        "doorbell-id": message.id,
        "doorbell-timestamp": timestamp,
        "doorbell-signature": signWebhook(await resolveSecret(config.secret), {
          timestamp,
          id: message.id,
          body,
        }),
      };
      const answer = await post(config.url, body, { headers, signal, ...(lookup && { lookup }) }).catch(
        (error) => {
          throw signal.aborted ? interrupted(name, signal) : broken(name, error);
        },
      );
      if (answer.status < 200 || answer.status > 299) throw refused(name, answer, clock.now());
    },
  };
}

/** The JSON that is posted. `v` is the version of its shape. */
export function webhookBody({ photo, ...message }: Message, withPhoto: boolean): Record<string, unknown> {
  const base64 = photo && Buffer.from(photo.bytes).toString("base64");
  return { v: 1, ...message, ...(withPhoto && photo && { photo: { mediaType: photo.mediaType, base64 } }) };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Only the status counts: the answer's body is cut off unread, however long it would be. */
function post(url: string, body: string, options: http.RequestOptions): Promise<Answer> {
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    request(url, { ...options, method: "POST", agent: false }, (response) => {
      response.on("error", () => {}).destroy();
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
    })
      .on("error", reject)
      .end(body);
  });
}

/** What answers, but does not speak HTTP, is told apart from what does not answer. */
function broken(name: string, error: NodeJS.ErrnoException): ChannelError {
  if (!error.code?.startsWith("HPE_")) return unreachable(name, error);
  return new ChannelError(`deliver to ${name}: the answer is not HTTP`, {
    code: "channel_garbled",
    hint: "Something else answers at this address and port: look at the channel's `url`.",
    retryable: true,
    cause: error,
  });
}

/** Answers that pass by themselves, beside the 500s: time-out, too early, too many. */
const PASSING = new Set([408, 425, 429]);

function refused(name: string, { status, retryAfter }: Answer, now: number): ChannelError {
  const retryable = status >= 500 || PASSING.has(status);
  return new ChannelError(`deliver to ${name}: HTTP ${status}`, {
    code: status === 429 ? "channel_busy" : retryable ? "channel_failing" : "channel_refused",
    hint: retryable
      ? "The receiver has a fault of its own or too much to do. It is tried again."
      : "The receiver does not want this: look at the channel's `url` and `secret` and at the receiver's log.",
    retryable,
    retryAfterMs: retryable ? retryAfterMs(retryAfter, now) : undefined,
  });
}

/** The header `Retry-After`: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return ms > 0 ? ms : undefined;
}

import { z } from "zod";
import { restart } from "../lib/settings.ts";

const HOUR_MS = 3_600_000;

/** How the system is reached over HTTP, and what it lets in. */
export const httpSettings = z
  .strictObject({
    host: restart(z.string().min(1).default("127.0.0.1")).describe(
      "Address to listen on. `0.0.0.0` opens it to the network; not used when the socket is inherited.",
    ),
    port: restart(z.int().min(0).max(65_535).default(5000)).describe(
      "Port to listen on; 0 takes any free one. Not used when the socket is inherited.",
    ),
    insecure: restart(z.boolean().default(false)).describe(
      "Whether plain HTTP may be served to other machines outside the demonstration; anybody on the way reads passwords and pictures.",
    ),
    publicUrl: restart(z.url({ protocol: /^https?$/ }).optional()).describe(
      "Address under which people reach the system, such as `https://door.example.org`. With `https:` cookies are sent over TLS only.",
    ),
    trustedProxies: restart(
      z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
    ).describe("Addresses or networks of proxies whose `X-Forwarded-For` is believed."),
    uploadMaxBytes: restart(z.int().min(1024).default(20_000_000)).describe("Largest photo taken, bytes."),
    jsonMaxBytes: restart(z.int().min(1024).default(262_144)).describe("Largest JSON body taken, bytes."),
    requestTimeoutMs: restart(z.int().min(100).default(60_000)).describe(
      "Time for a request to arrive and be answered, ms. Event streams have none.",
    ),
    drainTimeoutMs: restart(z.int().min(0).default(20_000)).describe(
      "Time for requests under way to be answered when the process stops, ms.",
    ),
    maxEventStreams: restart(z.int().min(1).default(50)).describe("Live pages held open at once."),
    rateLimit: restart(
      z
        .strictObject({
          enabled: z
            .boolean()
            .default(true)
            .describe("Off only for measurements: then anybody may flood the system."),
          perMinute: z
            .int()
            .min(1)
            .default(600)
            .describe("Requests a minute for each session, token or address."),
        })
        .prefault({}),
    ).describe("How many requests are answered."),
    session: restart(
      z
        .strictObject({
          idleHours: z
            .number()
            .positive()
            .default(168)
            .describe("A session not used for so long ends, hours."),
          absoluteHours: z
            .number()
            .positive()
            .default(720)
            .describe("Every session ends after so long, hours."),
        })
        .prefault({}),
    ).describe("How long a sign-in lasts."),
  })
  .prefault({});

/** Parsed `httpSettings`. */
export type HttpSettings = z.infer<typeof httpSettings>;

/** Life of a session, ms. */
export interface SessionLife {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

/** The life of a session as the settings give it. */
export function sessionLife({ session }: HttpSettings): SessionLife {
  return { idleMs: session.idleHours * HOUR_MS, absoluteMs: session.absoluteHours * HOUR_MS };
}

/** True when people reach the system over TLS, so that cookies can be held to it. */
export function isSecure({ publicUrl }: HttpSettings): boolean {
  return publicUrl?.startsWith("https:") ?? false;
}

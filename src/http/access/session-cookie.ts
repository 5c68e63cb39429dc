import type { FastifyReply } from "fastify";

/** The session's cookie. */
export interface SessionCookie {
  /** Its value, undefined where there is none. @param header `Cookie` of the request */
  read(header: string | undefined): string | undefined;
  set(reply: FastifyReply, value: string, maxAgeMs: number): void;
  clear(reply: FastifyReply): void;
}

/**
 * One cookie, for this host alone, that no script can read and no other site can make a browser send with a
 * change. @param secure held to TLS, and by its `__Host-` name to have been set over TLS (RFC 6265bis)
 */
export function sessionCookie(secure: boolean): SessionCookie {
  const name = secure ? "__Host-doorbell" : "doorbell";
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  const start = `${name}=`;
  return {
    read(header) {
      const pair = header?.split("; ").find((one) => one.startsWith(start));
      return pair?.slice(start.length);
    },
    set: (reply, value, maxAgeMs) =>
      void reply.header(
        "set-cookie",
        `${start}${value}; ${attributes}; Max-Age=${Math.floor(maxAgeMs / 1000)}`,
      ),
    clear: (reply) => void reply.header("set-cookie", `${start}; ${attributes}; Max-Age=0`),
  };
}

import { createTransport, type SendMailOptions } from "nodemailer";
import { z } from "zod";
import type { ErrorFacts } from "../../lib/errors.ts";
import { secret } from "../../lib/settings.ts";
import { say } from "../catalogue.ts";
import {
  type Channel,
  ChannelError,
  interrupted,
  isLoopback,
  type ResolveSecret,
  unreachable,
} from "../channel.ts";
import type { Message } from "../message.ts";

/** Settings of an e-mail channel. */
export const emailSettings = z
  .strictObject({
    kind: z.literal("email").describe("Sends each message as mail over SMTP."),
    host: z.string().min(1).describe("The outgoing mail server."),
    port: z.int().min(1).max(65_535).default(587).describe("Its port: 587, or 465 with `implicitTls`."),
    implicitTls: z
      .boolean()
      .default(false)
      .describe("Speaks TLS from the first byte instead of by STARTTLS."),
    insecure: z
      .boolean()
      .default(false)
      .describe("Allows a server beyond this machine without TLS, or with a certificate nobody vouches for."),
    user: z.string().optional().describe("Who signs in; nobody where absent."),
    password: secret()
      .optional()
      .describe("Where the password lies: `env:`, `file:` or `command:`. Goes with `user`."),
    from: z.email().describe("The sender's address."),
    to: z.array(z.email()).min(1).max(20).describe("Who gets it."),
    photo: z.boolean().default(true).describe("Attaches the photo."),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: "goes with `user`: give both or none",
    path: ["password"],
  });

type EmailConfig = z.infer<typeof emailSettings>;

/**
 * A channel over SMTP. TLS with a valid certificate is required, but on this machine or where `insecure`
 * says so. The Message-ID is made of the delivery's id: mail systems that know one show a repeat once.
 *
 * @param name as configured
 */
export function emailChannel(
  name: string,
  config: EmailConfig,
  { resolveSecret }: { resolveSecret: ResolveSecret },
): Channel {
  const plainAllowed = config.insecure || isLoopback(config.host);
  return {
    kind: "email",
    name,
    recognisesRepeats: true,
    async deliver(message, signal) {
      const { user, password } = config;
      const transport = createTransport({
        host: config.host,
        port: config.port,
        secure: config.implicitTls,
        requireTLS: !plainAllowed,
        opportunisticTLS: plainAllowed,
        tls: { rejectUnauthorized: !plainAllowed },
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(user && password && { auth: { user, pass: await resolveSecret(password) } }),
      });
      try {
        const { accepted, rejectedErrors = [] } = await transport.sendMail({
          ...mailOf(message, config),
          signal,
        });
        if (rejectedErrors.length > 0) throw partly(name, accepted.length, rejectedErrors);
      } catch (error) {
        if (error instanceof ChannelError) throw error;
        throw signal.aborted ? interrupted(name, signal) : failed(name, error as SmtpFailure);
      } finally {
        transport.close();
      }
    },
  };
}

function mailOf(message: Message, { from, to, photo: withPhoto }: EmailConfig): SendMailOptions {
  const photo = withPhoto ? message.photo : undefined;
  const links = linksOf(message);
  return {
    from,
    to,
    subject: oneLine(message.title),
    messageId: `<${message.id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
    // Keeps holiday replies away (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated", "Content-Language": message.locale },
    ...(message.urgent && { priority: "high" }),
    text: [message.text, ...links.map(({ label, url }) => `${label}: ${url}`)].join("\n\n"),
    html: htmlOf(message, links, photo !== undefined),
    ...(photo && {
      attachments: [
        {
          filename: `visit.${photo.mediaType.slice(photo.mediaType.indexOf("/") + 1)}`,
          content: Buffer.from(photo.bytes),
          contentType: photo.mediaType,
          cid: `${message.id}.photo@doorbell`,
        },
      ],
    }),
  };
}

interface Link {
  readonly label: string;
  readonly url: string;
}

function linksOf({ link, acknowledgeLink, locale }: Message): Link[] {
  const links: Link[] = [];
  if (link) links.push({ label: say(locale, "link.open"), url: link });
  if (acknowledgeLink) links.push({ label: say(locale, "link.acknowledge"), url: acknowledgeLink });
  return links;
}

function htmlOf({ id, locale, title, text }: Message, links: readonly Link[], withPhoto: boolean): string {
  return [
    `<!doctype html><html lang="${locale}"><body style="font-family:sans-serif">`,
    `<h2>${escaped(title)}</h2>`,
    `<p>${escaped(text).replaceAll("\n", "<br>")}</p>`,
    withPhoto ? `<p><img src="cid:${id}.photo@doorbell" alt="" style="max-width:100%"></p>` : "",
    ...links.map(({ label, url }) => `<p><a href="${escaped(url)}">${escaped(label)}</a></p>`),
    "</body></html>",
  ].join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A name with a line break in it must not begin a header of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** What nodemailer tells of a failure. Its message quotes the server and may hold addresses: not passed on. */
interface SmtpFailure extends Error {
  readonly code?: string | undefined;
  /** The system's own code, such as `ECONNREFUSED`, where `code` is nodemailer's. */
  readonly originalCode?: string | undefined;
  readonly responseCode?: number | undefined;
  /** Undefined where the server said nothing. */
  readonly permanent?: boolean | undefined;
}

function failed(name: string, error: SmtpFailure): ChannelError {
  const { code, originalCode = code, responseCode, permanent = false } = error;
  const failure = (why: string, facts: Omit<ErrorFacts, "cause">): ChannelError =>
    new ChannelError(`deliver to ${name}: ${why}`, { ...facts, cause: error });
  if (code === "ETLS" || /CERT|TLS|SSL/.test(originalCode ?? "")) {
    return failure("no safe connection", {
      code: "channel_unsafe",
      hint: "The mail server offers no TLS, or its certificate is not valid. Mend that, or say `insecure: true`.",
    });
  }
  if (code === "EAUTH") {
    return failure("the mail server refused the sign-in", {
      code: "channel_sign_in",
      hint: "Look at `user` and `password` of the channel.",
      retryable: !permanent,
    });
  }
  if (responseCode !== undefined) {
    return failure(`SMTP ${responseCode}`, {
      code: permanent ? "channel_refused" : "channel_failing",
      hint: permanent
        ? "The mail server does not want this: look at `from` and `to` and at the server's log."
        : "The mail server has a fault of its own or too much to do. It is tried again.",
      retryable: !permanent,
    });
  }
  if (code !== "EPROTOCOL") return unreachable(name, { code: originalCode });
  return failure("the answer is not SMTP", {
    code: "channel_garbled",
    hint: "Something else answers at this address and port: look at `host`, `port` and `implicitTls`.",
    retryable: true,
  });
}

/** Some got it and some did not: tried again only if all who did not may get it later. */
function partly(name: string, accepted: number, rejected: readonly SmtpFailure[]): ChannelError {
  const all = accepted + rejected.length;
  return new ChannelError(`deliver to ${name}: refused for ${rejected.length} of ${all}`, {
    code: "recipient_refused",
    hint: "The mail server refused some of the addresses in `to`.",
    retryable: rejected.every(({ permanent }) => permanent === false),
    cause: rejected[0],
  });
}

import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { describe, expect, it } from "vitest";
import { type Behaviour, channelContract } from "../channel.contract.ts";
import { exampleMessage } from "../message.fixtures.ts";
import { emailChannel, emailSettings } from "./email.ts";

const PASSWORD = "hunter2 and more";
const patience = (): AbortSignal => AbortSignal.timeout(10_000);

interface Mail {
  readonly to: readonly string[];
  readonly raw: string;
  readonly secure: boolean;
  readonly user: unknown;
}

function smtpError(responseCode: number): Error {
  return Object.assign(new Error("kept from anna@example.org"), { responseCode });
}

/** A real SMTP server behind a real socket that may also break off, keep silent or talk rubbish. */
async function receiver({
  settings = {},
  server = {},
}: {
  settings?: object;
  server?: SMTPServerOptions;
} = {}) {
  let behaviour: Behaviour = "accept";
  let calls = 0;
  const mails: Mail[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 10,
    onMailFrom: (_address, _session, done) => done(behaviour === "fail" ? smtpError(421) : null),
    onRcptTo: (_address, _session, done) => done(behaviour === "refuse" ? smtpError(550) : null),
    async onData(stream, { envelope, secure, user }, done) {
      const raw = await text(stream);
      if (behaviour === "busy") return done(smtpError(451));
      mails.push({ to: envelope.rcptTo.map(({ address }) => address), raw, secure, user });
      done();
    },
    ...server,
  });
  smtp.on("error", () => {});
  const sockets = new Set<net.Socket>();
  const front = net.createServer((socket) => {
    calls += 1;
    sockets.add(socket.on("error", () => {}));
    if (behaviour === "reset") socket.resetAndDestroy();
    else if (behaviour === "rubbish") socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    else if (behaviour !== "hang") smtp.server.emit("connection", socket);
  });
  front.listen(0, "0.0.0.0");
  await once(front, "listening");
  const config = emailSettings.parse({
    kind: "email",
    host: "127.0.0.1",
    port: (front.address() as AddressInfo).port,
    from: "bell@home.example",
    to: ["anna@example.org"],
    ...settings,
  });
  return {
    channel: emailChannel("mail", config, { resolveSecret: async () => PASSWORD }),
    mails,
    received: () => mails.map(({ raw }) => /^Message-ID: <(.+)@home\.example>$/im.exec(raw)?.[1] ?? "none"),
    calls: () => calls,
    behave: (as: Behaviour) => {
      behaviour = as;
    },
    secrets: ["anna@example.org", PASSWORD, "Anna"],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, "close");
      await new Promise<void>((resolve) => smtp.close(resolve));
    },
  };
}

/** Header lines above the first empty line, unfolded. */
function headersOf({ raw }: Mail): string[] {
  return raw
    .slice(0, raw.indexOf("\r\n\r\n"))
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
}

describe("the e-mail channel", () => {
  channelContract(receiver, {
    busy: { code: "channel_failing", retryable: true },
    fail: { code: "channel_failing", retryable: true },
    refuse: { code: "channel_refused", retryable: false },
    hang: { code: "channel_timeout", retryable: true },
    reset: { code: "channel_unreachable", retryable: true },
    rubbish: { code: "channel_garbled", retryable: true },
  });

  it("sends text, HTML and the photo, with the links in the words of the household", async () => {
    await using there = await receiver();
    await there.channel.deliver(exampleMessage({ locale: "de", urgent: true }), patience());
    const [mail] = there.mails;
    const headers = headersOf(mail!);
    expect(headers).toContain("Auto-Submitted: auto-generated");
    expect(headers).toContain("Subject: Front door: Anna is here");
    expect(headers).toContain("Importance: High");
    expect(mail!.raw).toContain("Content-Type: text/plain");
    expect(mail!.raw).toContain("Content-Type: text/html");
    expect(mail!.raw.replaceAll("=\r\n", "")).toContain(
      "Best=C3=A4tigen: https://door.example/acknowledge/abc",
    );
    expect(mail!.raw).toContain("Content-Type: image/jpeg; name=visit.jpeg");
    expect(mail!.raw).toContain(Buffer.of(255, 216, 255, 217).toString("base64"));
  });

  it("keeps the photo back where it is not wanted", async () => {
    await using there = await receiver({ settings: { photo: false } });
    await there.channel.deliver(exampleMessage(), patience());
    expect(there.mails[0]!.raw).not.toContain("image/jpeg");
    expect(there.mails[0]!.raw).not.toContain("<img");
  });

  it("lets no name begin a header, a recipient or a tag of its own", async () => {
    await using there = await receiver();
    const title = 'Ann\r\nBcc: thief@example.org\r\nX-Evil: 1\u2028\0<script src="x">';
    await there.channel.deliver(exampleMessage({ title, text: title }), patience());
    const [mail] = there.mails;
    expect(mail!.to).toEqual(["anna@example.org"]);
    expect(headersOf(mail!).filter((line) => /^(bcc|x-evil)/i.test(line))).toEqual([]);
    const html = mail!.raw.slice(mail!.raw.indexOf("Content-Type: text/html"));
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script");
  });

  it("signs in with the secret behind the reference, and says when that is refused", async () => {
    let refuse = false;
    const server: SMTPServerOptions = {
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        refuse || password !== PASSWORD ? done(new Error("no")) : done(null, { user: username }),
    };
    await using there = await receiver({ settings: { user: "bell", password: "env:MAIL" }, server });
    await there.channel.deliver(exampleMessage(), patience());
    expect(there.mails[0]!.user).toBe("bell");
    refuse = true;
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      code: "channel_sign_in",
      retryable: false,
    });
  });

  it("sends nothing beyond this machine without TLS", async () => {
    // 0.0.0.0 leads to this machine, but is no loopback address.
    await using there = await receiver({ settings: { host: "0.0.0.0" } });
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      code: "channel_unsafe",
    });
    expect(there.mails).toEqual([]);
  });

  it("sends nothing beyond this machine under a certificate nobody vouches for", async () => {
    await using there = await receiver({ settings: { host: "0.0.0.0" }, server: { disabledCommands: [] } });
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      code: "channel_unsafe",
    });
    expect(there.mails).toEqual([]);
  });

  it("takes what TLS there is where it is told to be insecure", async () => {
    await using plain = await receiver({ settings: { host: "0.0.0.0", insecure: true } });
    await plain.channel.deliver(exampleMessage(), patience());
    expect(plain.mails.map(({ secure }) => secure)).toEqual([false]);
    await using tls = await receiver({
      settings: { host: "0.0.0.0", insecure: true },
      server: { disabledCommands: [] },
    });
    await tls.channel.deliver(exampleMessage(), patience());
    expect(tls.mails.map(({ secure }) => secure)).toEqual([true]);
  });

  it("says when some of the recipients are refused, and tries again only if all of those may get it later", async () => {
    let code = 550;
    const server: SMTPServerOptions = {
      onRcptTo: ({ address }, _session, done) => done(address.startsWith("b") ? smtpError(code) : null),
    };
    await using there = await receiver({ settings: { to: ["a@x.example", "b@x.example"] }, server });
    const refusal = { code: "recipient_refused", message: "deliver to mail: refused for 1 of 2" };
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      ...refusal,
      retryable: false,
    });
    code = 450;
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      ...refusal,
      retryable: true,
    });
  });

  it("takes a password only with a user", () => {
    const base = { kind: "email", host: "h", from: "a@x.example", to: ["b@x.example"] };
    expect(emailSettings.safeParse(base).success).toBe(true);
    expect(emailSettings.safeParse({ ...base, user: "u" }).success).toBe(false);
    expect(emailSettings.safeParse({ ...base, password: "env:P" }).success).toBe(false);
    expect(emailSettings.safeParse({ ...base, from: "a@x.example\r\nBcc: c@x.example" }).success).toBe(false);
  });
});

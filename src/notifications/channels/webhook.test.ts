import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelContract } from "../channel.contract.ts";
import { exampleMessage } from "../message.fixtures.ts";
import { SECRET, webhookReceiver } from "./webhook.fixtures.ts";
import { webhookSettings } from "./webhook.ts";
import { type ReceivedWebhook, signWebhook, verifyWebhook } from "./webhook-signature.ts";

const patience = (): AbortSignal => AbortSignal.timeout(10_000);

describe("the webhook channel", () => {
  channelContract(webhookReceiver, {
    busy: { code: "channel_busy", retryable: true, retryAfterMs: 17_000 },
    fail: { code: "channel_failing", retryable: true },
    refuse: { code: "channel_refused", retryable: false },
    hang: { code: "channel_timeout", retryable: true },
    reset: { code: "channel_unreachable", retryable: true },
    rubbish: { code: "channel_garbled", retryable: true },
  });

  it("posts what the receiver can verify and read", async () => {
    await using there = await webhookReceiver({ settings: { photo: true } });
    const message = exampleMessage();
    await there.channel.deliver(message, patience());
    const [request] = there.requests;
    expect(verifyWebhook(SECRET, request!, { now: there.clock.now() })).toBe("valid");
    const { photo, ...rest } = message;
    expect(JSON.parse(String(request!.body))).toEqual({
      v: 1,
      ...rest,
      photo: { mediaType: "image/jpeg", base64: Buffer.from(photo!.bytes).toString("base64") },
    });
  });

  it("keeps the photo back unless it is wanted", async () => {
    await using there = await webhookReceiver();
    await there.channel.deliver(exampleMessage(), patience());
    expect(JSON.parse(String(there.requests[0]!.body))).not.toHaveProperty("photo");
  });

  it("follows no redirect", async () => {
    await using there = await webhookReceiver();
    there.answerWith((response) => response.writeHead(307, { location: "/elsewhere" }).end());
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      code: "channel_refused",
      retryable: false,
    });
    expect(there.requests.map(({ url }) => url)).toEqual(["/hook/s3cret-path"]);
  });

  it("reads a date in Retry-After, and passes over what is none", async () => {
    await using there = await webhookReceiver();
    const answersTo = async (retryAfter: string): Promise<unknown> => {
      there.answerWith((response) => response.writeHead(503, { "retry-after": retryAfter }).end());
      return there.channel.deliver(exampleMessage(), patience()).catch((error) => error.retryAfterMs);
    };
    const inAMinute = new Date(Math.floor(there.clock.now() / 1000) * 1000 + 60_000).toUTCString();
    expect(await answersTo(inAMinute)).toBe(60_000);
    expect(await answersTo("Thu, 01 Jan 1970 00:00:00 GMT")).toBeUndefined();
    expect(await answersTo("soon")).toBeUndefined();
  });

  it("does not read an answer that never ends", async () => {
    await using there = await webhookReceiver();
    there.answerWith((response) => response.writeHead(200).write("x".repeat(100_000)));
    await there.channel.deliver(exampleMessage(), patience());
  });

  it("asks the given lookup for the address, so that a policy can refuse one", async () => {
    await using there = await webhookReceiver({
      lookup: (_host, _options, done) => done(Object.assign(new Error("private"), { code: "EPRIVATE" }), ""),
    });
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      code: "channel_unreachable",
      message: "deliver to phone: EPRIVATE",
    });
  });

  it("says so when nobody listens", async () => {
    const there = await webhookReceiver();
    await there[Symbol.asyncDispose]();
    await expect(there.channel.deliver(exampleMessage(), patience())).rejects.toMatchObject({
      message: "deliver to phone: ECONNREFUSED",
      retryable: true,
    });
  });

  it("is refused in the configuration without encryption beyond this machine", () => {
    const valid = (url: string, more = {}): boolean =>
      webhookSettings.safeParse({ kind: "webhook", url, secret: "env:HOOK", ...more }).success;
    expect(valid("https://example.org/hook")).toBe(true);
    expect(valid("http://127.0.0.1:9/hook")).toBe(true);
    expect(valid("http://[::1]:9/hook")).toBe(true);
    expect(valid("http://example.org/hook")).toBe(false);
    expect(valid("http://127.0.0.1.example.org/hook")).toBe(false);
    expect(valid("http://example.org/hook", { insecure: true })).toBe(true);
    expect(valid("ftp://example.org/hook")).toBe(false);
    expect(valid("https://example.org/hook", { secret: "hunter2" })).toBe(false);
  });
});

describe("a webhook's signature", () => {
  const now = 1_767_268_800_000;
  const content = { timestamp: String(now / 1000), id: "0197", body: '{"v":1}' };
  const request = (
    change: Record<string, string | undefined> = {},
    body = content.body,
  ): ReceivedWebhook => ({
    headers: {
      "doorbell-timestamp": content.timestamp,
      "doorbell-id": content.id,
      "doorbell-signature": signWebhook(SECRET, content),
      ...change,
    },
    body,
  });

  it("is what openssl makes of timestamp, id and body", () => {
    // printf '1767268800.0197.{"v":1}' | openssl dgst -sha256 -hmac 'correct horse battery staple'
    expect(signWebhook(SECRET, content)).toBe(
      "v1=3035133fb750f3f0fb5df085b904d1ddb58ca2bbecfc60760af9d0ce546a7684",
    );
  });

  it("holds for five minutes, either way", () => {
    expect(verifyWebhook(SECRET, request(), { now: now + 300_000 })).toBe("valid");
    expect(verifyWebhook(SECRET, request(), { now: now + 300_001 })).toBe("expired");
    expect(verifyWebhook(SECRET, request(), { now: now - 300_001 })).toBe("expired");
    expect(verifyWebhook(SECRET, request(), { now: now + 2_000, toleranceMs: 1_000 })).toBe("expired");
  });

  it("fails when anything under it was changed", () => {
    fc.assert(
      fc.property(fc.nat(content.body.length - 1), fc.integer({ min: 1, max: 127 }), (place, flip) => {
        const bytes = Buffer.from(content.body);
        bytes[place]! ^= flip;
        expect(verifyWebhook(SECRET, { ...request(), body: bytes }, { now })).toBe("forged");
      }),
    );
    expect(verifyWebhook("another", request(), { now })).toBe("forged");
    expect(verifyWebhook(SECRET, request({ "doorbell-id": "0198" }), { now })).toBe("forged");
    expect(verifyWebhook(SECRET, request({ "doorbell-timestamp": "1767268801" }), { now })).toBe("forged");
  });

  it("is incomplete without each header, and with what has not its form", () => {
    for (const header of ["doorbell-timestamp", "doorbell-id", "doorbell-signature"]) {
      expect(verifyWebhook(SECRET, request({ [header]: undefined }), { now })).toBe("incomplete");
    }
    for (const signature of ["", "v1=", "v2=00", "v1=zz", `v1=${"0".repeat(63)}`]) {
      expect(verifyWebhook(SECRET, request({ "doorbell-signature": signature }), { now })).toBe("incomplete");
    }
    expect(verifyWebhook(SECRET, request({ "doorbell-timestamp": "now" }), { now })).toBe("incomplete");
  });
});

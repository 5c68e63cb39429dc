import { describe, expect, it } from "vitest";
import { type Channel, ChannelError } from "./channel.ts";
import { exampleMessage } from "./message.fixtures.ts";

/** How a receiver behaves to whatever comes next. */
export type Behaviour = "accept" | "busy" | "fail" | "refuse" | "hang" | "reset" | "rubbish";

/** A channel and the real receiver at its other end. */
export interface ChannelHarness extends AsyncDisposable {
  readonly channel: Channel;
  /** Ids of the messages that the receiver has taken, in order. */
  received(): readonly string[];
  /** How many times the receiver was called, whatever it answered. */
  calls(): number;
  /** Absent where there is no receiver that could misbehave. */
  behave?(as: Behaviour): void;
  /** What no error may quote: addresses, secrets, names. */
  readonly secrets: readonly string[];
}

/** What an error must tell after each misbehaviour. `retryAfterMs` where the protocol has it. */
export type Expected = Readonly<
  Record<Exclude<Behaviour, "accept">, { code: string; retryable: boolean; retryAfterMs?: number }>
>;

const patience = (): AbortSignal => AbortSignal.timeout(10_000);

/** What every driver does alike. */
export function channelContract(open: () => Promise<ChannelHarness>, expected?: Expected): void {
  it("delivers a message once", async () => {
    await using harness = await open();
    const message = exampleMessage();
    await harness.channel.deliver(message, patience());
    expect(harness.received()).toEqual([message.id]);
    expect(harness.calls()).toBe(1);
  });

  it("delivers the same message under the same id when it is told to again", async () => {
    await using harness = await open();
    const message = exampleMessage();
    await harness.channel.deliver(message, patience());
    await harness.channel.deliver(message, patience());
    expect(harness.received()).toEqual([message.id, message.id]);
  });

  it("delivers any text, and what has neither link, visit nor photo", async () => {
    await using harness = await open();
    const { id, kind, urgent, locale } = exampleMessage({ kind: "self_test", urgent: true, locale: "de" });
    const hostile = "Ann\r\nBcc: thief@example.org\r\n\r\n.\r\n\0<b>\"'&\u2028李\u{1F6AA}";
    await harness.channel.deliver(
      { id, kind, urgent, locale, title: hostile, text: hostile.repeat(500) },
      patience(),
    );
    expect(harness.received()).toEqual([id]);
  });

  it("does not begin once it is called off", async () => {
    await using harness = await open();
    await expect(harness.channel.deliver(exampleMessage(), AbortSignal.abort())).rejects.toThrow();
    expect(harness.received()).toEqual([]);
  });

  if (!expected) return;
  describe.each(Object.entries(expected))("when the receiver's way is to %s", (behaviour, facts) => {
    it(`says ${facts.code}, tries only once, quotes no secret and delivers again afterwards`, async () => {
      await using harness = await open();
      harness.behave!(behaviour as Behaviour);
      const signal = behaviour === "hang" ? AbortSignal.timeout(200) : patience();
      const error = await harness.channel
        .deliver(exampleMessage(), signal)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ChannelError);
      expect(error).toMatchObject(facts);
      expect((error as ChannelError).hint).not.toBe("");
      for (const secret of harness.secrets) expect((error as ChannelError).message).not.toContain(secret);
      expect(harness.calls()).toBe(1);
      expect(harness.received()).toEqual([]);

      harness.behave!("accept");
      const next = exampleMessage();
      await harness.channel.deliver(next, patience());
      expect(harness.received()).toEqual([next.id]);
    });
  });
}

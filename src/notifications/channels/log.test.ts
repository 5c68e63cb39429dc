import { describe, expect, it } from "vitest";
import { channelContract } from "../channel.contract.ts";
import { exampleMessage } from "../message.fixtures.ts";
import { type DeliveryLine, logChannel } from "./log.ts";

function logging() {
  const lines: DeliveryLine[] = [];
  return { lines, channel: logChannel("journal", { log: (line) => lines.push(line) }) };
}

describe("the log channel", () => {
  channelContract(async () => {
    const { lines, channel } = logging();
    return {
      channel,
      received: () => lines.map(({ delivery }) => delivery),
      calls: () => lines.length,
      secrets: [],
      [Symbol.asyncDispose]: async () => {},
    };
  });

  it("names nobody and quotes no text", async () => {
    const { lines, channel } = logging();
    const message = exampleMessage();
    await channel.deliver(message, new AbortController().signal);
    expect(lines).toEqual([
      {
        channel: "journal",
        delivery: message.id,
        kind: "visit",
        urgent: false,
        visit: message.visit!.id,
        outcome: "known",
      },
    ]);
  });
});

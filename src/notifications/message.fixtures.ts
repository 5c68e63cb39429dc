import { randomUUID } from "node:crypto";
import type { Message } from "./message.ts";

/** A message of a visit with all its parts, for drivers' tests. */
export function exampleMessage(change: Partial<Message> = {}): Message {
  return {
    id: randomUUID(),
    kind: "visit",
    urgent: false,
    title: "Front door: Anna is here",
    text: "Time: Monday\nThe face matches clearly.",
    locale: "en",
    link: "https://door.example/visits/1",
    acknowledgeLink: "https://door.example/acknowledge/abc",
    visit: {
      id: randomUUID(),
      outcome: "known",
      doorName: "Front door",
      personName: "Anna",
      at: 1_767_268_800_000,
    },
    photo: { mediaType: "image/jpeg", bytes: Uint8Array.of(255, 216, 255, 217) },
    ...change,
  };
}

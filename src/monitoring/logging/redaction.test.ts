import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactLine, redactText } from "./redaction.ts";

const line = (fields: object) => `${JSON.stringify(fields)}\n`;
const redacted = (fields: object) => JSON.parse(redactLine(line(fields)));

describe("redaction by key", () => {
  it("hides secrets at any depth, whatever their shape", () => {
    const hidden = redacted({
      password: "hunter2",
      request: { headers: { Cookie: "sid=1", "set-cookie": ["a=1"], Authorization: "x" } },
      list: [{ apiToken: 12345678 }, { client_secret: { nested: "deep" } }],
      embedding: { 0: 0.25, 1: -0.5 },
      masterKey: "k",
      sessionId: "s",
      passphrase: "p",
    });
    expect(hidden).toEqual({
      password: "[redacted]",
      request: { headers: { Cookie: "[redacted]", "set-cookie": "[redacted]", Authorization: "[redacted]" } },
      list: [{ apiToken: "[redacted]" }, { client_secret: "[redacted]" }],
      embedding: "[redacted]",
      masterKey: "[redacted]",
      sessionId: "[redacted]",
      passphrase: "[redacted]",
    });
  });

  it("hides the names of people, and no other name", () => {
    const fields = {
      person: { id: "7", name: "Ada" },
      people: [{ name: "Bo" }],
      personName: "Cy",
      door: { name: "front" },
      "service.name": "doorbell",
    };
    expect(redacted(fields)).toEqual({
      ...fields,
      person: { id: "7", name: "[redacted]" },
      people: [{ name: "[redacted]" }],
      personName: "[redacted]",
    });
  });

  it("lets pass what only speaks of secrets", () => {
    const fields = {
      tokenId: "7",
      "token.id": "7",
      secret_id: "7",
      passwordSet: true,
      token: null,
      bypass: "x",
    };
    expect(redacted(fields)).toEqual(fields);
  });
});

describe("redaction by pattern", () => {
  const hidden: [string, string][] = [
    ["a doorbell token", "used dbt_AbC-123_xyz today"],
    ["a session", "cookie dbs_AbC-123_xyz sent"],
    ["a setup link", "open /#/setup?x=dbl_AbC-123_xyz now"],
    ["a bearer token", "sent Bearer AbC.123-xyz~+/= now"],
    ["basic authentication", "sent Basic QWJDLTEyMy14eXo="],
    ["a token in a query", "GET /ack?visit=7&token=AbC-123_xyz&x=1"],
    ["a code in a query", "GET /setup?code=AbC-123_xyz failed"],
    ["a query alone", "code=AbC-123_xyz&x=1"],
    ["the password of an address", "connect smtp://house:AbC-123_xyz@mail.example.org"],
    ["a cookie header", "cookie: a=1; doorbell_session=AbC-123_xyz"],
    ["a session cookie alone", "doorbell_session=AbC-123_xyz; Path=/"],
    ["an assignment", "started with password=AbC-123_xyz"],
    ["a header", "authorization: AbC-123_xyz"],
    ["JSON within the text", 'body {"password": "AbC-123_xyz", "x": 1}'],
    ["JSON within JSON", JSON.stringify({ body: JSON.stringify({ token: "AbC-123_xyz" }) })],
    ["what follows a line break", "token of the caller:\ndbt_AbC-123_xyz"],
    ["a header after a line break", "headers:\nauthorization: Bearer AbC-123_xyz"],
    ["a private key", "-----BEGIN PRIVATE KEY-----\nAbC123xyz\n-----END PRIVATE KEY-----"],
  ];
  it.each(hidden)("hides %s", (_, text) => {
    const secret = /AbC|QWJD/;
    expect(text).toMatch(secret);
    expect(redactText(text)).not.toMatch(secret);
    expect(redacted({ message: text }).message).not.toMatch(secret);
    expect(redacted({ error: { stack_trace: `Error: ${text}\n    at x.ts:1` } }).error.stack_trace).toMatch(
      /at x\.ts:1|private/i,
    );
  });

  it("leaves an ordinary text as it is", () => {
    for (const text of [
      'took photo "front" of visit 0197-aa in 12 ms (exit code=1)',
      "the password is wrong",
      "https://example.org/a?page=2#top",
      "basic auth, token bucket, cookie banner",
    ]) {
      expect(redactText(text)).toBe(text);
    }
  });

  it("never breaks a line, whatever it holds", () => {
    const piece = fc.constantFrom(
      "token",
      "password=",
      "cookie:",
      '"',
      "\\",
      "\n",
      ":",
      "=",
      " ",
      "{",
      "Bearer ",
      "-----BEGIN PRIVATE KEY-----",
      "12345678",
      "dbt_",
      "x",
      "true",
      "?code=",
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer(), fc.array(text))),
        (fields) => {
          expect(Object.keys(redacted(fields)).length).toBeLessThanOrEqual(Object.keys(fields).length);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { acknowledgeToken, readAcknowledgeToken } from "./acknowledge-link.ts";

const KEY = new Uint8Array(32).fill(3);
const VISIT = "0197a000-0000-7000-8000-00000000000a";
const NOW = 1_767_268_800_000;
const token = acknowledgeToken(KEY, VISIT, NOW + 60_000);

it("is valid for its visit until it expires", () => {
  expect(readAcknowledgeToken(KEY, token, NOW)).toEqual({ verdict: "valid", visitId: VISIT });
  expect(readAcknowledgeToken(KEY, token, NOW + 59_999)).toEqual({ verdict: "valid", visitId: VISIT });
  expect(readAcknowledgeToken(KEY, token, NOW + 60_000)).toEqual({ verdict: "expired", visitId: VISIT });
});

it("needs no escaping in a URL", () => {
  expect(encodeURIComponent(token)).toBe(token);
});

it("is forged under another key, and for another visit or a later end", () => {
  const [, expiry, mac] = token.split(".");
  expect(readAcknowledgeToken(new Uint8Array(32), token, NOW)).toEqual({ verdict: "forged" });
  expect(readAcknowledgeToken(KEY, `${VISIT.replace(/a$/, "b")}.${expiry}.${mac}`, NOW).verdict).toBe(
    "forged",
  );
  expect(readAcknowledgeToken(KEY, `${VISIT}.${Number(expiry) + 1}.${mac}`, NOW).verdict).toBe("forged");
  expect(readAcknowledgeToken(KEY, `${VISIT}.0${expiry}.${mac}`, NOW).verdict).toBe("forged");
});

it("is forged when anything in it is changed, and for any text at all", () => {
  const letter = fc.constantFrom(..."abcdefXYZ0123456789-_.");
  fc.assert(
    fc.property(fc.nat(token.length - 2), letter, (place, other) => {
      fc.pre(token[place] !== other);
      const changed = token.slice(0, place) + other + token.slice(place + 1);
      expect(readAcknowledgeToken(KEY, changed, NOW).verdict).toBe("forged");
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => readAcknowledgeToken(KEY, text, NOW).verdict === "forged"));
});

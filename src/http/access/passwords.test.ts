import { expect, it } from "vitest";
import { openPasswords, requireGoodPassword } from "./passwords.ts";

it("hashes with argon2id at OWASP's cost, salted, and knows the password again", async () => {
  const passwords = openPasswords();
  const stored = await passwords.hash("drei Äpfel am Tor");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await passwords.hash("drei Äpfel am Tor")).not.toBe(stored);
  expect(await passwords.verify("drei Äpfel am Tor", stored)).toBe(true);
  expect(await passwords.verify("drei A\u0308pfel am Tor", stored), "typed on another keyboard").toBe(true);
  expect(await passwords.verify("drei äpfel am Tor", stored)).toBe(false);
});

it("reads what another argon2 wrote, with the cost written beside it", async () => {
  // argon2 (the reference program): printf password | argon2 somesalt -id -t 2 -m 8 -p 1 -l 32
  const vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  expect(await openPasswords().verify("password", vector)).toBe(true);
  expect(await openPasswords().verify("passwort", vector)).toBe(false);
});

it("does the same work where nothing is stored, and makes the seventeenth caller at once come back later", async () => {
  const passwords = openPasswords();
  const results = await Promise.allSettled(
    Array.from({ length: 17 }, () => passwords.verify("x", undefined)),
  );
  expect(results.slice(0, 16)).toEqual(Array(16).fill({ status: "fulfilled", value: false }));
  expect(results[16]).toMatchObject({ reason: { code: "busy", retryAfterS: 5 } });
  expect(await passwords.verify("x", undefined)).toBe(false);
});

it("refuses passwords that are short or tried first, and asks nothing else of them", () => {
  for (const bad of [
    "",
    "kurz",
    "neunlang9",
    "1234567890",
    "Password123",
    "QWERTYUIOP",
    "aaaaaaaaaaaa",
    "türklingel",
    "🔑🔑🔑🔑🔑🔑🔑🔑🔑",
  ]) {
    expect(() => requireGoodPassword(bad), bad).toThrow(expect.objectContaining({ code: "password_weak" }));
  }
  for (const good of ["zehn lang!", "only lower case words", "Ünïcödé ✓✓", "🔑🔑🔑🔑🔑🔑🔑🔑🔑🚪"])
    requireGoodPassword(good);
});

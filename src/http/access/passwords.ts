import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { HttpError } from "../problem.ts";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

/** argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. About 40 ms. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const SHORTEST = 10;
const MOST_WAITING = 16;

const derive = promisify(argon2);

/** Hashes and compares passwords, one at a time: each takes 19 MiB and a thread of the pool that files need. */
export interface Passwords {
  /** A PHC string (github.com/P-H-C/phc-string-format). @throws HttpError `busy` */
  hash(password: string): Promise<string>;
  /**
   * True when the password is the one hashed. Takes as long where nothing is stored, so that the time does
   * not tell who exists. @throws HttpError `busy`
   */
  verify(password: string, stored: string | undefined): Promise<boolean>;
}

/** Creates `Passwords`. */
export function openPasswords(): Passwords {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async (password: string, salt: Uint8Array, cost: typeof COST): Promise<Uint8Array> => {
    if (waiting >= MOST_WAITING) throw busy();
    waiting += 1;
    const parameters: Argon2Parameters = {
      ...cost,
      message: password.normalize("NFKC"),
      nonce: salt,
      tagLength: HASH_BYTES,
    };
    const turn = last.then(() => derive("argon2id", parameters));
    last = turn.catch(() => {});
    return turn.finally(() => {
      waiting -= 1;
    });
  };
  const hash = async (password: string): Promise<string> => {
    const salt = randomBytes(SALT_BYTES);
    return toPhc(COST, salt, await inTurn(password, salt, COST));
  };
  const nobody = toPhc(COST, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  return {
    hash,
    async verify(password, stored) {
      const { cost, salt, tag } = fromPhc(stored ?? nobody);
      return timingSafeEqual(await inTurn(password, salt, cost), tag);
    },
  };
}

/** @throws HttpError `password_weak` when it is too short or among the most common ones */
export function requireGoodPassword(password: string): void {
  const normal = password.normalize("NFKC");
  const isShort = [...normal].length < SHORTEST;
  if (!isShort && !COMMON_PASSWORDS.has(normal.toLowerCase()) && !isOneCharacter(normal)) return;
  throw new HttpError(
    isShort
      ? `set password: it has fewer than ${SHORTEST} characters`
      : "set password: it is one of the first that anybody would try",
    { code: "password_weak", hint: "Take a few words that belong together only for you." },
  );
}

function isOneCharacter(password: string): boolean {
  return new Set(password).size === 1;
}

function toPhc(cost: typeof COST, salt: Uint8Array, tag: Uint8Array): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

function fromPhc(text: string): { cost: typeof COST; salt: Buffer; tag: Buffer } {
  const [, memory, passes, parallelism, salt = "", tag = ""] = PHC.exec(text) ?? [];
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

function busy(): HttpError {
  return new HttpError("check password: too many wait already", {
    code: "busy",
    hint: "Try again in a few seconds. Many at once may be somebody guessing: see the audit trail.",
    retryAfterS: 5,
  });
}

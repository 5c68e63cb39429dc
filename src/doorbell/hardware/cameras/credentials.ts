import { createHash, randomBytes } from "node:crypto";

/** Who we are to a camera; the password is the secret itself. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). Names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const PART = new RegExp(`(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))|(${TOKEN})`, "g");

/** Reads every challenge of the header, also several in one line; what it does not understand it steps over. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, name, quoted, plain, scheme] of header.matchAll(PART)) {
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(name!.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain!);
  }
  return challenges;
}

/** Answers challenges of one camera; counts the uses of a nonce. */
export type Authorize = (target: string) => string;

/**
 * How to answer: by the first digest we can compute, else by basic, else undefined.
 * The function returned makes an `Authorization` value for a GET of `target` (path and query).
 * Digest is RFC 7616 with MD5 and SHA-256, plain or `-sess`, quality `auth` or (old cameras) none.
 * @param clientNonce for tests
 */
export function authorizer(
  challenges: readonly Challenge[],
  credentials: Credentials,
  clientNonce = randomBytes(16).toString("hex"),
): Authorize | undefined {
  const digest = challenges.find(isDigestWeKnow);
  if (digest) return digestAuthorizer(digest.parameters, credentials, clientNonce);
  if (!challenges.some((challenge) => challenge.scheme === "basic")) return undefined;
  const token = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return () => `Basic ${token}`;
}

const HASHES = new Map([
  ["md5", "md5"],
  ["sha-256", "sha256"],
]);

function isDigestWeKnow({ scheme, parameters }: Challenge): boolean {
  const algorithm = parameters.get("algorithm")?.toLowerCase().replace("-sess", "") ?? "md5";
  const qualities = parameters.get("qop")?.split(/[\s,]+/) ?? ["auth"];
  return (
    scheme === "digest" && parameters.has("nonce") && HASHES.has(algorithm) && qualities.includes("auth")
  );
}

function digestAuthorizer(
  parameters: ReadonlyMap<string, string>,
  credentials: Credentials,
  cnonce: string,
): Authorize {
  // Headers are bytes to Node, one a character: the challenge comes so, and names must go so.
  const username = Buffer.from(credentials.username).toString("latin1");
  const password = Buffer.from(credentials.password).toString("latin1");
  const realm = parameters.get("realm") ?? "";
  const nonce = parameters.get("nonce") ?? "";
  const opaque = parameters.get("opaque");
  const algorithm = parameters.get("algorithm");
  const session = /-sess$/i.test(algorithm ?? "");
  const name = HASHES.get(algorithm?.toLowerCase().replace("-sess", "") ?? "md5")!;
  const hash = (...parts: string[]) => createHash(name).update(parts.join(":"), "latin1").digest("hex");
  let uses = 0;

  return (target) => {
    uses += 1;
    const nc = uses.toString(16).padStart(8, "0");
    const user = hash(username, realm, password);
    const secret = session ? hash(user, nonce, cnonce) : user;
    const request = hash("GET", target);
    const fields = [
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(target)}`,
    ];
    if (algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
    if (parameters.has("qop")) {
      fields.push("qop=auth", `nc=${nc}`, `cnonce=${quote(cnonce)}`);
      fields.push(`response=${quote(hash(secret, nonce, nc, cnonce, "auth", request))}`);
    } else {
      fields.push(`response=${quote(hash(secret, nonce, request))}`);
    }
    return `Digest ${fields.join(", ")}`;
  };
}

const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

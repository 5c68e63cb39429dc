const REDACTED = "[redacted]";

const SECRET = [
  "pass(?:word|phrase|wd)",
  "secret",
  "token",
  "cookie",
  "authori[sz]ation",
  "credential",
  "csrf",
  "embedding",
  "session[-_.]?id",
  "(?:api|access|private|master|data|wrapped)[-_.]?key",
].join("|");
const PERSON = "(?:person|people|visitor)s?";
const PERSON_NAME = "(?:person|full|display|first|last|given|family)[-_.]?name";

/** What no line with a secret in it lacks: most lines have none of it and go on as they are. */
const SIGN = new RegExp(
  `${SECRET}|db[tsl]_|bearer|basic|private key|session|://|[?&;"](?:code|key|sig|signature|state)=|${PERSON}"|${PERSON_NAME}"`,
  "i",
);
/** A quick look at a whole line, which spares most of them the parsing. Bounded, or a long text would hold it up. */
const SUSPECT = new RegExp(`"(?:[^"\\\\]{0,80}(?:${SECRET})[^"\\\\]{0,80}|${PERSON}|${PERSON_NAME})":`, "i");
const SECRET_KEY = new RegExp(SECRET, "i");
/** Names a secret and is none, but for the id of a session, which opens it. */
const ID_OF_SECRET = /(?<!session[-_.]?)(?:(?<=[a-z])Id|[._-]id)$/;
const PERSON_KEY = new RegExp(`^${PERSON}$`, "i");
const PERSON_NAME_KEY = new RegExp(`^${PERSON_NAME}$`, "i");

/** A quote as it stands in a JSON string: behind one backslash, or three where there is JSON in JSON. */
const QUOTE = `(?:\\\\(?:\\\\\\\\)*"|')?`;
const SET_TO = `${QUOTE}\\s*[:=]\\s*\\[?${QUOTE}`;

/**
 * Secrets in the midst of a text, as it stands in a JSON string. None of these reaches over the end of the
 * string, or into an escape.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Our own API tokens, and what an Authorization header holds.
  [/db[tsl]_[\w-]+/g, REDACTED],
  [/(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="))/g, REDACTED],
  // user:password@ in an address, and what opens something in its query.
  [/(\w:\/\/)[^\s"'\\/@]+@/g, `$1${REDACTED}@`],
  [/([?&;"](?:code|key|sig|signature|state)=)[^\s"'\\&#<>]+/gi, `$1${REDACTED}`],
  // Headers and assignments, as they are or as JSON within the text.
  [new RegExp(`((?:set-)?cookie${SET_TO})[^"'\\\\]+`, "gi"), `$1${REDACTED}`],
  [/(session\w{0,32}=)[^\s"'\\;,&]+/gi, `$1${REDACTED}`],
  [
    new RegExp(
      `((?:pass(?:word|phrase|wd)|secret|token|authori[sz]ation|credential|csrf|api[-_]?key)s?${SET_TO})` +
        `(?!\\[redacted)[^\\s"'\\\\,;&#<>)}\\]]+`,
      "gi",
    ),
    `$1${REDACTED}`,
  ],
];

/** One line of the log (JSON and a line break) without its secrets: by key at any depth, and by pattern. */
export function redactLine(line: string): string {
  if (!SIGN.test(line)) return line;
  const bare = SUSPECT.test(line) ? `${JSON.stringify(withoutSecrets(JSON.parse(line), ""))}\n` : line;
  return withoutPatterns(bare);
}

/** A text without its secrets, by pattern. */
export function redactText(text: string): string {
  return JSON.parse(withoutPatterns(JSON.stringify(text)));
}

function withoutPatterns(json: string): string {
  return PATTERNS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), json);
}

function withoutSecrets(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, item]) => {
      const hidden = isSecret(inner, key) && item !== null && typeof item !== "boolean";
      return [inner, hidden ? REDACTED : withoutSecrets(item, inner)];
    }),
  );
}

function isSecret(key: string, parent: string): boolean {
  if (key === "name") return PERSON_KEY.test(parent);
  return PERSON_NAME_KEY.test(key) || (SECRET_KEY.test(key) && !ID_OF_SECRET.test(key));
}

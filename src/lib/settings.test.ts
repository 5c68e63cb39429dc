import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "../testing/guard.ts";
import { live, resolveSecret, restart, SecretError, type SecretReference, secret } from "./settings.ts";

const PLANTED = "hunter2-correct-horse";

async function failureOf(reference: SecretReference, env: NodeJS.ProcessEnv = {}): Promise<SecretError> {
  const error = await resolveSecret(reference, env).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SecretError);
  return error as SecretError;
}

describe("marks", () => {
  it("keep the description and the parsing of a key", () => {
    const schema = live(z.int().default(3).describe("tries"));
    expect(schema.meta()).toMatchObject({ reload: "live", description: "tries" });
    expect(schema.parse(undefined)).toBe(3);
    expect(restart(schema).meta()).toMatchObject({ reload: "restart" });
  });
});

describe("secret()", () => {
  it.each(["env:SMTP_PASSWORD", "file:/run/secrets/smtp", "command:pass show smtp"])(
    "takes %s",
    (reference) => {
      expect(secret().parse(reference)).toBe(reference);
    },
  );

  it.each([PLANTED, "", "env:", "env:1A", "file:relative", "command: ", "vault:x", 7])(
    "refuses %j with the hint alone",
    (text) => {
      const { error } = secret().safeParse(text);
      expect(error?.issues.map(({ message }) => message)).toEqual([
        expect.stringMatching(/env:NAME.*never the secret/),
      ]);
    },
  );
});

describe("resolveSecret", () => {
  it("reads a variable, a file and a command, without white space around the secret", async () => {
    const path = join(temporaryFolder(), "secret");
    writeFileSync(path, ` ${PLANTED}\n`, { mode: 0o600 });
    expect(await resolveSecret("env:A", { A: `${PLANTED}\n` })).toBe(PLANTED);
    expect(await resolveSecret(`file:${path}`)).toBe(PLANTED);
    expect(await resolveSecret(`command:cat ${path} | cat`, process.env)).toBe(PLANTED);
  });

  it.each([0o640, 0o604, 0o644])("refuses a file of mode %o and says how to close it", async (mode) => {
    const path = join(temporaryFolder(), "secret");
    writeFileSync(path, PLANTED);
    chmodSync(path, mode);
    expect(await failureOf(`file:${path}`)).toMatchObject({
      code: "secret_exposed",
      hint: `Run: chmod 600 ${path}`,
    });
  });

  it("tells an absent, an empty and an unreadable secret apart", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "empty"), "\n", { mode: 0o600 });
    chmodSync(folder, 0o700);
    expect((await failureOf("env:ABSENT")).code).toBe("secret_empty");
    expect((await failureOf(`file:${folder}/empty`)).code).toBe("secret_empty");
    expect((await failureOf(`file:${folder}/absent`)).message).toContain("ENOENT");
    expect((await failureOf(`file:${folder}`)).code).toBe("secret_unreadable");
  });

  it("tells of a failed command its status, never what it wrote", async () => {
    const error = await failureOf("command:echo $PLANTED; echo $PLANTED >&2; exit 3", { PLANTED });
    expect(error).toMatchObject({ code: "secret_command_failed", retryable: true });
    expect(error.message).toContain("ended with 3");
    expect(JSON.stringify([error.message, error.hint, error.stack, error.cause])).not.toContain(PLANTED);
  });

  it("stops a command when told", async () => {
    const stopped = resolveSecret("command:sleep 60", {}, AbortSignal.abort());
    await expect(stopped).rejects.toBeInstanceOf(SecretError);
  });
});

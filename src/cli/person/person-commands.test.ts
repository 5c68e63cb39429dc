import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { enrolmentAnswer } from "../../doorbell/api.ts";
import { temporaryFolder } from "../../testing/guard.ts";
import { cannedPerson, cannedSystem, type Received, refusal } from "../canned-system.fixture.ts";
import { memoryWorld } from "../world.fixture.ts";

const anna = cannedPerson();
const PHOTOS = `POST /api/people/${anna.id}/photos`;
const FACE = "0b9c8f7e-5d1e-8a44-9c3b-2f6f0a7d1e55";

const people = (...all: ReturnType<typeof cannedPerson>[]) => ({
  "GET /api/people": () => ({ body: { people: all } }),
});
const enrolled = (status = "enrolled") => ({
  status: status === "enrolled" ? 201 : 202,
  body: enrolmentAnswer.parse({ personId: anna.id, enrolmentId: FACE, status }),
});

function photos(...names: string[]): string[] {
  const folder = temporaryFolder();
  return names.map((name) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(name)]));
    return path;
  });
}

/** A form as the system reads it. */
async function formOf({ headers, body }: Received): Promise<Record<string, string>> {
  const form = await new Response(Uint8Array.from(body), {
    headers: { "content-type": headers["content-type"]! },
  }).formData();
  const fields: Record<string, string> = {};
  for (const [name, value] of form)
    fields[name] = typeof value === "string" ? value : `${value.type} ${value.size}`;
  return fields;
}

describe("person list", () => {
  it("lists who is known, safe on a terminal", async () => {
    await using system = await cannedSystem(
      people(anna, cannedPerson({ name: "\x1b[2JEve", watchlisted: true })),
    );
    const { exit, stdout } = await system.run(["person", "list"]);
    expect(exit).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ID +NAME +FACES  WATCHLIST  SINCE\\n${anna.id}  Anna +3 +no +2026`));
    expect(stdout).toContain("\\u{1b}[2JEve");
    expect(stdout).not.toContain("\x1b");
  });

  it("offers the first step where there is nobody", async () => {
    await using system = await cannedSystem(people());
    expect((await system.run(["person", "list"])).stdout).toContain("doorbell person add NAME --photo FILE");
    expect(JSON.parse((await system.run(["person", "list", "--json"])).stdout)).toEqual({ people: [] });
  });
});

describe("person add", () => {
  it("makes the person with the first photo and adds the others", async () => {
    await using system = await cannedSystem({
      "POST /api/people": () => enrolled(),
      [PHOTOS]: () => enrolled(),
    });
    const [first, second, third] = photos("1.jpg", "two.jpg", "3.jpg");
    const argv = ["person", "add", "Łukasz 李", "--watchlist", "--photo", first!, second!, third!];
    expect(await system.run(argv)).toEqual({ exit: 0, stdout: "added Łukasz 李: 3 faces\n", stderr: "" });
    expect(await Promise.all(system.received.map(formOf))).toEqual([
      { name: "Łukasz 李", watchlisted: "true", photo: "image/jpeg 8" },
      { photo: "image/jpeg 10" },
      { photo: "image/jpeg 8" },
    ]);
  });

  it("leaves out a photo that is refused, with its hint, and still takes the others", async () => {
    let asked = 0;
    await using system = await cannedSystem({
      "POST /api/people": () =>
        ++asked === 1
          ? refusal(422, "enrol_no_face", "enrol photo: no face was found in it", "From the front.")
          : enrolled(),
      [PHOTOS]: () => enrolled("pending"),
    });
    const [first, ...rest] = photos("1.jpg", "2.jpg", "3.jpg");
    expect(await system.run(["person", "add", "Anna", "--photo", first!, ...rest])).toEqual({
      exit: 3,
      stdout:
        "added Anna: 1 face, 1 face still to be looked at\n" +
        `refused ${first}: enrol photo: no face was found in it\n  hint: From the front.\n`,
      stderr: "",
    });
    asked = 0;
    const { stdout } = await system.run(["person", "add", "Anna", "--json", "--photo", first!]);
    expect(JSON.parse(stdout)).toEqual({
      enrolled: 0,
      pending: 0,
      refused: [expect.objectContaining({ photo: first, code: "enrol_no_face" })],
    });
  });

  it("ends at what concerns more than one photo, and says what was done before", async () => {
    await using system = await cannedSystem({
      "POST /api/people": () => enrolled(),
      [PHOTOS]: () => refusal(401, "unauthorised", "add photo: not signed in"),
    });
    const { exit, stderr } = await system.run([
      "person",
      "add",
      "Anna",
      "--photo",
      ...photos("1.jpg", "2.jpg", "3.jpg"),
    ]);
    expect(exit).toBe(3);
    expect(stderr).toContain(
      `1 face of ${anna.id} had been added before\ndoorbell: add photo: not signed in`,
    );
    expect(system.received).toHaveLength(2);
  });

  it("takes a face of a past visit", async () => {
    await using system = await cannedSystem({ "POST /api/people": () => enrolled() });
    expect((await system.run(["person", "add", "Anna", "--face", FACE])).exit).toBe(0);
    expect(JSON.parse(system.received[0]!.body.toString())).toEqual({
      name: "Anna",
      watchlisted: false,
      faceId: FACE,
    });
  });

  it("sends nothing before it has read everything", async () => {
    await using system = await cannedSystem({});
    const [photo] = photos("1.jpg");
    const add = async (...argv: string[]) => (await system.run(["person", "add", "Anna", ...argv])).exit;
    expect(await add()).toBe(2);
    expect(await add("--face", FACE, "--photo", photo!)).toBe(2);
    expect(await add("--face", "7")).toBe(2);
    expect(await add("--photo", photo!, "/nowhere.jpg")).toBe(1);
    expect(system.received).toEqual([]);
  });
});

describe("person add-photo", () => {
  it("adds to the person who is meant by name, id or a beginning of it", async () => {
    await using system = await cannedSystem({ ...people(anna), [PHOTOS]: () => enrolled() });
    for (const wanted of ["Anna", anna.id, anna.id.slice(0, 6)]) {
      expect(await system.run(["person", "add-photo", wanted, "--photo", ...photos("1.jpg")])).toMatchObject({
        exit: 0,
        stdout: "added to Anna: 1 face\n",
      });
    }
  });

  it("refuses where it could be several, or nobody", async () => {
    const other = cannedPerson();
    await using system = await cannedSystem(people(anna, other));
    const add = (wanted: string) => system.run(["person", "add-photo", wanted, "--face", FACE]);
    expect(await add("Anna")).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining(`${anna.id}, ${other.id}`),
    });
    expect(await add("Eve")).toMatchObject({ exit: 3, stderr: expect.stringContaining("there is none") });
  });
});

describe("person watchlist", () => {
  it("puts a person on it and takes them off", async () => {
    await using system = await cannedSystem({
      ...people(anna),
      [`PATCH /api/people/${anna.id}`]: ({ body }) => ({ body: { ...anna, ...JSON.parse(body.toString()) } }),
    });
    const set = async (state: string) => (await system.run(["person", "watchlist", "Anna", state])).stdout;
    expect(await set("on")).toBe("Anna is on the watchlist\n");
    expect(await set("off")).toBe("Anna is not on the watchlist\n");
    expect((await system.run(["person", "watchlist", "Anna", "maybe"])).exit).toBe(2);
  });
});

describe("person remove", () => {
  const DELETE = `DELETE /api/people/${anna.id}`;
  const system = () => cannedSystem({ ...people(anna), [DELETE]: () => ({ status: 204 }) });

  /** Somebody at a terminal who answers so. */
  function answering(text: string) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end(text);
    return { ...memoryWorld(), stdin };
  }

  it("says what is lost and asks; only a yes removes", async () => {
    await using canned = await system();
    for (const no of ["n\n", "\n", "yesterday\n", ""]) {
      expect(await canned.run(["person", "remove", "Anna"], answering(no))).toMatchObject({
        exit: 1,
        stdout: "Anna was kept\n",
        stderr: expect.stringContaining("Remove Anna for good, with name, photos and 3 faces? [y/N]"),
      });
    }
    expect(canned.received.every(({ method }) => method === "GET")).toBe(true);
    expect(await canned.run(["person", "remove", "Anna"], answering("Yes\n"))).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("removed Anna"),
    });
    expect(canned.received.at(-1)).toMatchObject({ method: "DELETE" });
  });

  it("without a terminal needs --yes", async () => {
    await using canned = await system();
    expect(await canned.run(["person", "remove", "Anna"])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("--yes"),
    });
    const { exit, stdout } = await canned.run(["person", "remove", "Anna", "--yes", "--json"]);
    expect({ exit, ...JSON.parse(stdout) }).toEqual({ exit: 0, personId: anna.id, removed: true });
  });
});

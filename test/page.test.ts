import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PersonView, PressAnswer } from "../src/doorbell/api.ts";
import { temporaryFolder } from "../src/testing/guard.ts";
import { type System, startSystem, until } from "../src/testing/system.ts";
import { startChromium, whyNoChromium } from "./chromium.ts";

const faintTexts = readFileSync(new URL("faint-texts.js", import.meta.url), "utf8");
const NAME = "Kim";
const PASSWORD = "correct horse battery staple";
const PATIENCE_MS = 20_000;

describe.skipIf(whyNoChromium)(`the page${whyNoChromium ? ` (${whyNoChromium})` : ""}`, () => {
  let system: System;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    system = await startSystem({ folder: join(temporaryFolder(), "house") });
    await until(demonstrationIsEnrolled, PATIENCE_MS, "the people of the demonstration");
    browser = await startChromium();
    context = await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (said) => {
      if (/content security policy|deprecat/i.test(said.text())) faults.push(said.text());
    });
  });

  afterAll(async () => {
    await browser?.close();
    await system?.[Symbol.asyncDispose]();
  });

  async function demonstrationIsEnrolled(): Promise<boolean> {
    const { people } = (await system.call<{ people: PersonView[] }>("GET", "/api/people")).body;
    return people.length === 2 && people.every(({ enrolments }) => enrolments > 0);
  }

  const at = (path: string): string => `http://127.0.0.1:${system.port}/${path}`;
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const head = () => page.locator(".newest .heading");

  /** Rings with a scene; resolves once the page shows that visit as decided. */
  async function ring(scene: string): Promise<void> {
    await page.getByLabel("Who stands at the door").selectOption(scene);
    const answer = page.waitForResponse((response) => response.url().endsWith("/press"));
    await button("Ring").click();
    await shown(((await (await answer).json()) as PressAnswer).visitId);
  }

  /** Rings from another place, with nobody in sight; gives the visit. */
  async function ringElsewhere(): Promise<string> {
    const path = "/api/doors/front/press";
    return (await system.call<PressAnswer>("POST", path, { scene: "nobody" })).body.visitId;
  }

  /** Resolves once the newest visit on the page is this one, with its outcome. */
  async function shown(visitId: string): Promise<void> {
    await page.locator(`.newest a[href="#/visits/${visitId}"]`).waitFor();
    await head().locator(".outcome:not(.pending)").waitFor();
  }

  it("makes the reader the owner by the one-time link, once", async () => {
    const link = /http:\S+\/#\/setup\?token=\S+/.exec(system.output())![0];
    await page.goto(link);
    await page.getByLabel("Your name").fill(NAME);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button("Set the password and sign in").click();
    await page.getByRole("heading", { name: "Nobody has rung yet" }).waitFor();

    const other = await browser.newPage();
    await other.goto(link);
    await other.getByLabel("Your name").fill("Somebody else");
    await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await other.getByRole("button", { name: "Set the password" }).click();
    await other.getByRole("alert").getByText("A link works once").waitFor();
    await other.close();
  });

  it("shows a press live, with outcome, box and distance", async () => {
    await ring("stranger");
    expect(await head().innerText()).toMatch(/Unknown\s+Demonstration\s+Somebody unknown/);
    expect(await page.locator(".frame .face-box.unknown").count()).toBe(1);
    expect(await page.locator(".frame img").getAttribute("alt")).toMatch(
      /^Somebody unknown, Front door, \d\d:\d\d$/,
    );
    expect(await page.locator(".scale").getAttribute("aria-label")).toMatch(/face 1: Unknown, 0\.\d\d/);
  });

  it("makes an unknown face known, though another visit comes meanwhile, and names it from then on", async () => {
    await button("Who is this?").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Zoë <b>Novak</b>");
    await shown(await ringElsewhere());
    const answer = page.waitForResponse((response) => response.url().endsWith("/api/people"));
    await dialog.getByRole("button", { name: "Remember this face" }).click();
    expect((await answer).status()).toBe(201);
    await page.locator("dialog").waitFor({ state: "detached" });

    await ring("stranger");
    expect(await head().innerText()).toMatch(/Known\s+Demonstration\s+Zoë <b>Novak<\/b>/);
    expect(await page.locator(".frame .face-box.known").innerText()).toBe("Zoë <b>Novak</b>");
  });

  it("hears that this is not the person", async () => {
    await button("Not this person").first().click();
    await head().getByText("Corrected").waitFor();
    expect(await head().innerText()).toContain("Not Zoë <b>Novak</b>");
    expect(await page.locator(".frame .face-box.corrected").count()).toBe(1);
  });

  it("shows what others do, and what happened while it had no connection", async () => {
    await shown(await ringElsewhere());
    expect(await head().innerText()).toContain("No face to be seen");

    await context.setOffline(true);
    await page.getByText("No connection. What is shown is from").waitFor();
    const visitId = await ringElsewhere();
    await context.setOffline(false);
    await shown(visitId);
    expect(await page.getByText("No connection").count()).toBe(0);
  });

  it("acknowledges", async () => {
    await button(/^Acknowledge/).click();
    await page.getByText("Acknowledged at").waitFor();
  });

  it("says in the server's words why a photo cannot be used", async () => {
    await page.goto(at("#/people"));
    const form = page.locator("form");
    const notes = { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no photo") };
    await form.locator("input[type=file]").setInputFiles(notes);
    await form.getByLabel("Name").fill("Nobody");
    await form.getByRole("button", { name: "Add" }).click();
    expect(await form.getByRole("alert").innerText()).toMatch(/not an image/);
  });

  it("puts on the watchlist, and removes only when asked twice", async () => {
    const card = page.locator(".person", { hasText: "Novak" });
    await card.getByLabel("On the watchlist").check();
    await page.getByText("is on the watchlist now").waitFor();
    await card.getByRole("button", { name: "Remove" }).click();
    await button(/^Remove .* for good$/).click();
    await page.getByText("was removed").waitFor();
    await expect.poll(() => card.count()).toBe(0);
  });

  it("can be used by keyboard alone", async () => {
    await page.goto(at("#/"));
    const rows = page.locator(".past [data-row]");
    await rows.first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    // By its tag: a closed dialog has no role, but takes the keys until it is gone.
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    const second = await rows.nth(1).getAttribute("href");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Record" }).waitFor();
    expect(new URL(page.url()).hash).toBe(second);
  });

  it.each([
    ["a phone, light", 390, "light"],
    ["a phone, dark", 390, "dark"],
    ["a desk, light", 1440, "light"],
    ["a desk, dark", 1440, "dark"],
  ] as const)("can be read on %s, and nothing sticks out", async (_, width, colorScheme) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(at("#/"));
    const visit = await page.locator(".past a").first().getAttribute("href");
    for (const [path, sign] of [
      ["#/", ".newest"],
      ["#/people", ".person:not(.skeleton)"],
      ["#/system", ".parts"],
      [visit!, ".facts"],
    ] as const) {
      await page.goto(at(path));
      await page.locator(sign).first().waitFor();
      expect(await page.evaluate(faintTexts), path).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), path).toBe(0);
    }
  });

  it("asks for the password once signed out", async () => {
    await button("Sign out").click();
    await page.getByLabel("Your name").fill(NAME);
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await button("Sign in").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button("Sign in").click();
    await page.getByRole("navigation").waitFor();
  });

  it("has kept to its content security policy and thrown nothing all the while", () => {
    expect(faults).toEqual([]);
  });
});

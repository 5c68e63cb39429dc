import type { Clock } from "../lib/clock.ts";
import type { Database } from "../storage/database.ts";
import type { Outcome } from "../storage/schema.ts";
import { localeOf, say, sayAgo, sayCounted, sayWhen } from "./catalogue.ts";
import type { HeldDelivery } from "./leasing.ts";
import type { Message, Photo } from "./message.ts";

/** Makes the message of a delivery at the moment it is sent; null when there is nothing to tell any more. */
export type Render = (delivery: HeldDelivery) => Promise<Message | null>;

/** Where what a message says comes from. */
export interface RenderDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** The name of a person, undefined for nobody and for somebody erased. */
  readonly nameOf: (personId: string) => Promise<string | undefined>;
  /** The decisive picture of a visit, undefined where there is none. */
  readonly photoOf: (visitId: string) => Promise<Photo | undefined>;
  /** Page of a visit; undefined where the system has no address of its own. */
  readonly linkOf: (visitId: string) => string | undefined;
  /** Signed link that acknowledges it (`acknowledge-link.ts`). */
  readonly acknowledgeLinkOf: (visitId: string) => string | undefined;
}

/** From this age on a message says that it is late, ms. */
const LATE_MS = 5 * 60_000;
/** Up to this share of the distance that decided, a match counts as clear. */
const CLEAR_SHARE = 0.8;

/** The message of a self-test. */
export function selfTestRenderer({ database, clock }: Pick<RenderDeps, "database" | "clock">): Render {
  return async ({ id, urgent, channel }) => {
    const site = await database.read.selectFrom("site").select(["locale", "time_zone"]).executeTakeFirst();
    if (!site) return null;
    const locale = localeOf(site.locale);
    const when = say(locale, "visit.when", { when: sayWhen(locale, clock.now(), site.time_zone) });
    const title = say(locale, "self_test.title", { channel });
    const text = `${say(locale, "self_test.text")}\n${when}`;
    return { id, kind: "self_test", urgent, title, text, locale };
  };
}

/**
 * The message of a visit: who, where, when, how sure. A name or a picture that cannot be opened holds no
 * message back: somebody is at the door.
 */
export function visitRenderer(deps: RenderDeps): Render {
  return async ({ id, urgent, visitId }) => {
    const seen = visitId === null ? undefined : await readVisit(deps.database, visitId);
    if (!seen) return null;
    const { locale, outcome, doorName, at, personId } = seen;
    const personName = personId === null ? undefined : await deps.nameOf(personId).catch(() => undefined);
    const photo = await deps.photoOf(seen.id).catch(() => "unreadable" as const);
    const link = deps.linkOf(seen.id);
    const acknowledgeLink = deps.acknowledgeLinkOf(seen.id);
    return {
      id,
      kind: "visit",
      urgent,
      ...inWords(seen, personName, deps.clock.now(), photo === "unreadable"),
      locale,
      visit: { id: seen.id, outcome, doorName, at, ...(personName && { personName }) },
      ...(link && { link }),
      ...(acknowledgeLink && { acknowledgeLink }),
      ...(typeof photo === "object" && { photo }),
    };
  };
}

function inWords(
  seen: SeenVisit,
  personName: string | undefined,
  now: number,
  photoUnreadable: boolean,
): Pick<Message, "title" | "text"> {
  const { locale, at, timeZone } = seen;
  const title = titleOf(seen, personName);
  const lines = [say(locale, "visit.when", { when: sayWhen(locale, at, timeZone) }), ...howSure(seen)];
  if (photoUnreadable) lines.push(say(locale, "photo.unreadable"));
  if (now - at < LATE_MS) return { title, text: lines.join("\n") };
  lines.unshift(say(locale, "late.text", { ago: sayAgo(locale, now - at) }));
  return { title: say(locale, "late.title", { title }), text: lines.join("\n") };
}

type SeenVisit = NonNullable<Awaited<ReturnType<typeof readVisit>>>;

async function readVisit(database: Database, visitId: string) {
  const row = await database.read
    .selectFrom("visit")
    .innerJoin("door", "door.id", "visit.door_id")
    .innerJoin("site", "site.id", "visit.site_id")
    .where("visit.id", "=", visitId)
    .where("outcome", "is not", null)
    .select(["visit.id", "outcome", "person_id as personId", "distance", "evidence", "decision"])
    .select(["accepted_at as at", "door.name as doorName", "site.time_zone as timeZone", "site.locale"])
    .$narrowType<{ outcome: Outcome }>()
    .executeTakeFirst();
  if (!row) return undefined;
  return { ...row, locale: localeOf(row.locale), strangers: await strangersOf(database, visitId) };
}

/** How many unknown faces the fullest frame shows, at least 1: the same face in several frames is one person. */
async function strangersOf(database: Database, visitId: string): Promise<number> {
  const frames = await database.read
    .selectFrom("face")
    .where("visit_id", "=", visitId)
    .where("verdict", "=", "unknown")
    .groupBy("capture_id")
    .select((eb) => eb.fn.countAll<number>().as("faces"))
    .execute();
  return Math.max(1, ...frames.map(({ faces }) => faces));
}

function titleOf(
  { outcome, locale, doorName: door, strangers }: SeenVisit,
  personName: string | undefined,
): string {
  switch (outcome) {
    case "known":
    case "watchlisted":
      return say(locale, `visit.${outcome}`, { door, person: personName ?? say(locale, "person.nameless") });
    case "unknown":
      return sayCounted(locale, "visit.unknown", strangers, { door });
    case "no_face":
    case "no_frame":
      return say(locale, `visit.${outcome}`, { door });
  }
}

/** In words, by how near the face came to the distance that decided: the number says nothing to most people. */
function howSure({ outcome, locale, distance, evidence, decision }: SeenVisit): string[] {
  const named = outcome === "known" || outcome === "watchlisted";
  if (!named || distance === null) return [];
  const allowed = thresholdOf(outcome, decision);
  const clear = allowed !== undefined && distance <= allowed * CLEAR_SHARE;
  return [
    say(locale, clear ? "sure.clear" : "sure.likely"),
    say(locale, evidence === "agreeing" ? "evidence.agreeing" : "evidence.single"),
  ];
}

function thresholdOf(outcome: "known" | "watchlisted", decision: string | null): number | undefined {
  const { thresholds } = JSON.parse(decision ?? "{}") as { thresholds?: Record<string, number> };
  return thresholds?.[outcome === "known" ? "matchDistance" : "watchlistDistance"];
}

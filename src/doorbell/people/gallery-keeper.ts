import type { Selectable } from "kysely";
import type { Database } from "../../storage/database.ts";
import { unseal } from "../../storage/envelope.ts";
import { EVENT_PAGE, lastSequence, readEvents } from "../../storage/events.ts";
import type { KeyStore } from "../../storage/keys.ts";
import type { EnrolmentTable } from "../../storage/schema.ts";
import type { Embedding } from "../recognition/face-engine.ts";
import { createGallery, type Gallery } from "../recognition/matcher.ts";
import type { Nearest } from "../visit/decision.ts";
import { embeddingOf, enrolmentContext } from "./embedding.ts";

/** Every face known to this process, as the library stands now. */
export interface GalleryKeeper {
  /** Who is nearest in a site. What was enrolled, corrected or erased before the call counts. */
  nearestIn(siteId: string): Promise<(embedding: Embedding) => Nearest | null>;
  /** Stops following the library; afterwards nothing is read any more. */
  close(): Promise<void>;
}

interface Site {
  readonly gallery: Gallery;
  readonly watchlisted: Set<string>;
}

/** What the keeper needs. `onError`: told when the library could not be followed; it is tried again. */
export interface GalleryDeps {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly onError: (error: unknown) => void;
}

/**
 * Reads the whole library into memory and follows every change by the bus, so that an erasure leaves this
 * memory as soon as it is committed. Embeddings of other models than `model` are left out: they cannot be
 * compared.
 */
export async function openGalleries(model: string, deps: GalleryDeps): Promise<GalleryKeeper> {
  const { database, keys } = deps;
  const sites = new Map<string, Site>();
  const siteOf = new Map<string, string>();
  let seen = await lastSequence(database);
  let following: Promise<void> | undefined;
  let closed = false;

  const site = (siteId: string): Site => {
    const known = sites.get(siteId) ?? { gallery: createGallery(), watchlisted: new Set() };
    sites.set(siteId, known);
    return known;
  };

  function forget(personId: string): void {
    const known = siteOf.get(personId);
    if (known === undefined) return;
    site(known).gallery.remove(personId);
    site(known).watchlisted.delete(personId);
    siteOf.delete(personId);
  }

  /** Brings one person to what the database says, which may be: nobody. */
  async function load(personId: string): Promise<void> {
    const person = await database.read
      .selectFrom("person")
      .select(["site_id", "watchlisted"])
      .where("id", "=", personId)
      .executeTakeFirst();
    const key = person && (await keys.find({ kind: "person", id: personId }));
    const rows = await database.read
      .selectFrom("enrolment")
      .selectAll()
      .where("person_id", "=", personId)
      .where("model", "=", model)
      .execute();
    forget(personId);
    if (!person || !key) return;
    const open = (row: Selectable<EnrolmentTable>): Embedding =>
      embeddingOf(unseal(key, row.embedding, enrolmentContext(row.id)));
    const { gallery, watchlisted } = site(person.site_id);
    gallery.replace(personId, {
      enrolled: rows.filter(({ kind }) => kind === "like").map(open),
      negatives: rows.filter(({ kind }) => kind === "unlike").map(open),
    });
    siteOf.set(personId, person.site_id);
    if (person.watchlisted) watchlisted.add(personId);
  }

  async function follow(): Promise<void> {
    for (;;) {
      const newest = await lastSequence(database);
      const events = await readEvents(database, seen, "person.");
      for (const personId of new Set(events.map(({ subject }) => subject))) await load(personId);
      // Without a further page, all up to `newest` was looked through, most of it of no concern to people.
      seen = events.length < EVENT_PAGE ? Math.max(newest, seen) : events.at(-1)!.seq;
      if (events.length === 0) return;
    }
  }

  /** One follower at a time; whoever comes meanwhile waits for a round that began after they came. */
  async function catchUp(): Promise<void> {
    while (following) await following.catch(() => {});
    if (closed) return;
    following = follow().finally(() => {
      following = undefined;
    });
    await following;
  }

  for (const { id } of await database.read.selectFrom("person").select("id").execute()) await load(id);
  const stop = database.onCommit(() => void catchUp().catch(deps.onError));

  return {
    async nearestIn(siteId) {
      await catchUp();
      const { gallery, watchlisted } = site(siteId);
      return (embedding) => {
        const { best } = gallery.nearest(embedding);
        return best ? { ...best, watchlisted: watchlisted.has(best.personId) } : null;
      };
    },
    async close() {
      closed = true;
      stop();
      await following?.catch(() => {});
    },
  };
}

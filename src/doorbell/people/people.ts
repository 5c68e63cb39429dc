import type { Clock } from "../../lib/clock.ts";
import { DoorbellError } from "../../lib/errors.ts";
import { derivedId, uuidv7 } from "../../lib/ids.ts";
import type { Database } from "../../storage/database.ts";
import { seal, unseal } from "../../storage/envelope.ts";
import { followEvents, lastSequence } from "../../storage/events.ts";
import type { KeyStore } from "../../storage/keys.ts";
import type { Vault } from "../../storage/vault.ts";
import { enrolmentContext, faceContext, nameContext } from "./embedding.ts";
import {
  type By,
  correctFace,
  createPerson,
  type EnrolmentSource,
  removePerson,
  requestEnrolment,
  setWatchlisted,
} from "./library.ts";

/** A person of the library, with the name in the clear: for pages and receivers, never for a log. */
export interface Person {
  readonly id: string;
  /** Empty when the key was destroyed. */
  readonly name: string;
  readonly watchlisted: boolean;
  readonly demonstration: boolean;
  readonly createdAt: number;
  /** Photos and faces that recognition compares with. */
  readonly enrolments: number;
  /** Whether there is a photo of the person. */
  readonly portrait: boolean;
}

/** A new person. */
export interface NewPerson {
  /** 1 to 200 characters, any script. */
  readonly name: string;
  readonly watchlisted?: boolean;
  readonly demonstration?: boolean;
  /** Only where the same person must come out of two tries, as in the demonstration. */
  readonly id?: string;
}

/** What somebody gives as the face of a person. */
export type FaceGiven =
  | { readonly kind: "photo"; readonly bytes: Uint8Array }
  | { readonly kind: "face"; readonly faceId: string };

/** How an enrolment ended. `pending`: no worker has come to it yet; it goes on. */
export type EnrolmentResult =
  | { readonly status: "enrolled"; readonly enrolmentId: string }
  | { readonly status: "pending"; readonly enrolmentId: string }
  | { readonly status: "refused"; readonly code: string; readonly message: string; readonly hint: string };

/** Something about a person that cannot be done. */
export class PeopleError extends DoorbellError {}

/** The library of faces, for routes and commands. */
export interface People {
  list(): Promise<Person[]>;
  find(personId: string): Promise<Person | undefined>;
  /** The name, undefined for nobody and for somebody erased. */
  nameOf(personId: string): Promise<string | undefined>;
  create(person: NewPerson, by: By): Promise<string>;
  /** Adds a face; waits for the worker's answer until `patience` is over, 20 s by default. */
  enrol(personId: string, face: FaceGiven, by: By, patience?: AbortSignal): Promise<EnrolmentResult>;
  setWatchlisted(personId: string, watchlisted: boolean, by: By): Promise<boolean>;
  /** Removes the person and destroys the key of all that was held on them. */
  remove(personId: string, by: By): Promise<boolean>;
  /** Destroys the keys that a crash between a removal and its end has left. For the start of `ops`. */
  finishRemovals(): Promise<void>;
  /** Id in the vault of the newest photo that the person was enrolled with. */
  portraitOf(personId: string): Promise<string | undefined>;
  /** "Not this person". @throws PeopleError `face_not_named`, `not_found` */
  correct(visitId: string, faceId: string, by: By): Promise<void>;
}

/** What the library needs. */
export interface PeopleDeps {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly vault: Vault;
  readonly clock: Clock;
}

/** How long somebody at a page waits for the answer, ms. */
const PATIENCE_MS = 20_000;

/** Opens the library of one site. @param config lane: whose workers enrol */
export function openPeople(config: { siteId: string; lane: string }, deps: PeopleDeps): People {
  const { database, keys, clock } = deps;

  const openName = async (personId: string, sealed: Uint8Array): Promise<string | undefined> => {
    const key = await keys.find({ kind: "person", id: personId });
    return key && unseal(key, sealed, nameContext(personId)).toString("utf8");
  };

  const readPeople = async (personId?: string): Promise<Person[]> => {
    let query = database.read
      .selectFrom("person")
      .selectAll()
      .select((eb) =>
        eb
          .selectFrom("enrolment")
          .whereRef("enrolment.person_id", "=", "person.id")
          .where("enrolment.kind", "=", "like")
          .select((inner) => inner.fn.countAll<number>().as("count"))
          .as("enrolments"),
      )
      .select((eb) =>
        eb
          .exists(
            eb
              .selectFrom("enrolment")
              .whereRef("enrolment.person_id", "=", "person.id")
              .where("enrolment.source", "=", "upload")
              .select("enrolment.id"),
          )
          .as("portrait"),
      )
      .where("site_id", "=", config.siteId)
      .orderBy("created_at");
    if (personId !== undefined) query = query.where("id", "=", personId);
    const rows = await query.execute();
    return Promise.all(
      rows.map(async (row) => ({
        id: row.id,
        name: (await openName(row.id, row.name)) ?? "",
        watchlisted: row.watchlisted === 1,
        demonstration: row.demonstration === 1,
        createdAt: row.created_at,
        enrolments: row.enrolments ?? 0,
        portrait: Boolean(row.portrait),
      })),
    );
  };

  return {
    list: () => readPeople(),
    find: async (personId) => (await readPeople(personId))[0],
    async nameOf(personId) {
      const row = await database.read
        .selectFrom("person")
        .select("name")
        .where("id", "=", personId)
        .executeTakeFirst();
      return row && openName(personId, row.name);
    },
    async create({ name, watchlisted = false, demonstration = false, id = uuidv7(clock.now()) }, by) {
      const key = await keys.ensure({ kind: "person", id });
      const person = {
        id,
        siteId: config.siteId,
        sealedName: seal(key, name, nameContext(id)),
        watchlisted,
        demonstration,
      };
      await database.write(createPerson, { by, person });
      return id;
    },
    async enrol(personId, face, by, patience = AbortSignal.timeout(PATIENCE_MS)) {
      const enrolmentId = uuidv7(clock.now());
      if (face.kind === "photo") {
        await deps.vault.put({ owner: { kind: "person", id: personId }, id: enrolmentId }, face.bytes);
      }
      const source: EnrolmentSource = face.kind === "photo" ? { kind: "photo" } : face;
      const after = await lastSequence(database);
      await database.write(requestEnrolment, {
        by,
        job: { enrolmentId, personId, source },
        lane: config.lane,
        moment: clock.moment(),
      });
      return awaitEnrolment(database, enrolmentId, after, patience);
    },
    setWatchlisted: (personId, watchlisted, by) =>
      database.write(setWatchlisted, { by, personId, watchlisted }),
    async remove(personId, by) {
      const removed = await database.write(removePerson, { by, personId });
      await keys.destroy({ kind: "person", id: personId });
      return removed;
    },
    async finishRemovals() {
      const removed = await database.read
        .selectFrom("event")
        .select("subject")
        .distinct()
        .where("kind", "=", "person.removed")
        .where("subject", "not in", (eb) => eb.selectFrom("person").select("id"))
        .execute();
      for (const { subject } of removed) await keys.destroy({ kind: "person", id: subject });
    },
    async portraitOf(personId) {
      const newest = await database.read
        .selectFrom("enrolment")
        .select("id")
        .where("person_id", "=", personId)
        .where("source", "=", "upload")
        .orderBy("created_at", "desc")
        .executeTakeFirst();
      return newest?.id;
    },
    async correct(visitId, faceId, by) {
      const face = await database.read
        .selectFrom("face")
        .selectAll()
        .where("id", "=", faceId)
        .where("visit_id", "=", visitId)
        .executeTakeFirst();
      if (!face) throw notFound(`find face ${faceId} of visit ${visitId}`);
      const personId = face.verdict === "named" || face.verdict === "watchlisted" ? face.person_id : null;
      if (personId === null) {
        throw new PeopleError(`correct face ${faceId}: it was not taken for anybody`, {
          code: "face_not_named",
          hint: "Only a face that was named, or taken for somebody on the watchlist, can be corrected.",
        });
      }
      const visitKey = await keys.find({ kind: "visit", id: visitId });
      const personKey = await keys.find({ kind: "person", id: personId });
      if (!visitKey || !personKey) throw notFound(`read the keys for face ${faceId}`);
      const id = derivedId("correction", faceId, personId);
      const embedding = unseal(visitKey, face.embedding, faceContext(faceId));
      await database.write(correctFace, {
        by,
        faceId,
        visitId,
        personId,
        unlike: {
          id,
          person_id: personId,
          kind: "unlike",
          embedding: seal(personKey, embedding, enrolmentContext(id)),
          model: face.model,
          source: "correction",
          face_width: face.width,
          face_id: faceId,
          created_at: by.at,
        },
      });
    },
  };
}

async function awaitEnrolment(
  database: Database,
  enrolmentId: string,
  after: number,
  signal: AbortSignal,
): Promise<EnrolmentResult> {
  for await (const event of followEvents(database, { after, prefix: "enrolment.", signal })) {
    if (event.subject !== enrolmentId) continue;
    if (event.kind === "enrolment.done") return { status: "enrolled", enrolmentId };
    const { code, message, hint } = event.payload as Record<string, string>;
    return { status: "refused", code: code ?? "", message: message ?? "", hint: hint ?? "" };
  }
  return { status: "pending", enrolmentId };
}

function notFound(doing: string): PeopleError {
  return new PeopleError(`${doing}: there is no such thing`, {
    code: "not_found",
    hint: "It may have been removed or erased meanwhile.",
  });
}

import { appendAudit } from "../../audit/append.ts";
import type { Moment } from "../../lib/clock.ts";
import { conclude, enqueue, type Hold } from "../../queue/sqlite-queue.ts";
import type { Act, Tx } from "../../storage/database.ts";
import { appendEvent } from "../../storage/events.ts";
import type { EnrolmentTable } from "../../storage/schema.ts";

/**
 * Changes of the library of faces. Each says so on the bus with the person as its subject
 * (`person.…`), which is how every worker's memory follows.
 */

/** Who asked, for the audit trail. */
export interface By {
  readonly actor: string;
  readonly origin: string;
  readonly at: number;
}

/** Where the face of an enrolment comes from: a photo in the vault under the enrolment's id, or a face of a past visit. */
export type EnrolmentSource = { readonly kind: "photo" } | { readonly kind: "face"; readonly faceId: string };

/** How an enrolment's work is passed on. Version 1 of the payload. */
export interface EnrolJob {
  readonly enrolmentId: string;
  readonly personId: string;
  readonly source: EnrolmentSource;
}

/** After presses, before anything nobody waits for. */
const ENROL_PRIORITY = 2;

type CreateArgs = {
  by: By;
  person: {
    id: string;
    siteId: string;
    sealedName: Uint8Array;
    watchlisted: boolean;
    demonstration: boolean;
  };
};

/** Makes a person, once however often it runs with one id: the event and the audit entry are said each time. */
export const createPerson: Act<CreateArgs, void> = {
  name: "person.create",
  async run(tx, { by, person }) {
    await tx
      .insertInto("person")
      .values({
        id: person.id,
        site_id: person.siteId,
        name: person.sealedName,
        watchlisted: Number(person.watchlisted),
        demonstration: Number(person.demonstration),
        created_at: by.at,
      })
      .onConflict((oc) => oc.doNothing())
      .execute();
    await said(tx, by, "person.created", person.id, { watchlisted: person.watchlisted });
  },
};

type EnrolArgs = { by: By; job: EnrolJob; lane: string; moment: Moment };

/** Leaves the face to a worker; `enrolment.done` or `enrolment.refused` tells how it ended. */
export const requestEnrolment: Act<EnrolArgs, void> = {
  name: "person.request-enrolment",
  async run(tx, { by, job, lane, moment }) {
    await enqueue(
      tx,
      {
        id: job.enrolmentId,
        kind: "enrol",
        priority: ENROL_PRIORITY,
        payload: job,
        payloadVersion: 1,
        maxTries: 3,
      },
      { lane, at: by.at, moment },
    );
    await appendAudit(tx, {
      ...by,
      action: "person.enrol",
      subject: `person:${job.personId}`,
      outcome: "done",
      detail: { enrolment: job.enrolmentId, source: job.source.kind },
    });
  },
};

type ConcludeArgs = {
  hold: Hold;
  personId: string;
  enrolmentId: string;
  at: number;
  result:
    | { readonly row: EnrolmentTable }
    | { readonly refused: { code: string; message: string; hint: string } };
};

/** What a worker made of an enrolment. A person removed meanwhile stays removed. */
export const concludeEnrolment: Act<ConcludeArgs, void> = {
  name: "person.conclude-enrolment",
  async run(tx, { hold, personId, enrolmentId, at, result }) {
    await conclude(tx, hold);
    if ("refused" in result) {
      const payload = { person: personId, ...result.refused };
      return appendEvent(tx, { kind: "enrolment.refused", subject: enrolmentId, at, payload });
    }
    const person = await tx.selectFrom("person").select("id").where("id", "=", personId).executeTakeFirst();
    if (person) {
      await tx.insertInto("enrolment").values(result.row).execute();
      await appendEvent(tx, {
        kind: "person.enrolled",
        subject: personId,
        at,
        payload: { enrolment: enrolmentId },
      });
    }
    return appendEvent(tx, {
      kind: "enrolment.done",
      subject: enrolmentId,
      at,
      payload: { person: personId },
    });
  },
};

/** False when there is no such person. */
export const setWatchlisted: Act<{ by: By; personId: string; watchlisted: boolean }, boolean> = {
  name: "person.set-watchlisted",
  async run(tx, { by, personId, watchlisted }) {
    const changed = await tx
      .updateTable("person")
      .set({ watchlisted: Number(watchlisted) })
      .where("id", "=", personId)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return false;
    await said(tx, by, "person.changed", personId, { watchlisted });
    return true;
  },
};

/** False when there is no such person. The caller destroys the person's key once this is durable. */
export const removePerson: Act<{ by: By; personId: string }, boolean> = {
  name: "person.remove",
  async run(tx, { by, personId }) {
    const gone = await tx.deleteFrom("person").where("id", "=", personId).executeTakeFirst();
    if (gone.numDeletedRows === 0n) return false;
    await said(tx, by, "person.removed", personId, {});
    return true;
  },
};

type CorrectArgs = { by: By; faceId: string; visitId: string; personId: string; unlike: EnrolmentTable };

/** "This is not that person": counts against every later match. Said twice, it counts once. */
export const correctFace: Act<CorrectArgs, void> = {
  name: "person.correct",
  async run(tx, { by, faceId, visitId, personId, unlike }) {
    const changed = await tx
      .updateTable("face")
      .set({ corrected: 1 })
      .where("id", "=", faceId)
      .where("corrected", "=", 0)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    await tx.insertInto("enrolment").values(unlike).execute();
    await tx
      .updateTable("visit")
      .set({ reason: "corrected" })
      .where("id", "=", visitId)
      .where("person_id", "=", personId)
      .execute();
    await said(tx, by, "person.changed", personId, { face: faceId });
    await appendEvent(tx, {
      kind: "visit.corrected",
      subject: visitId,
      at: by.at,
      payload: { face: faceId },
    });
  },
};

/** The acts of this file. */
export const peopleActs = [
  createPerson,
  requestEnrolment,
  concludeEnrolment,
  setWatchlisted,
  removePerson,
  correctFace,
];

/** The event and the audit entry of one change. */
async function said(
  tx: Tx,
  by: By,
  kind: string,
  personId: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await appendEvent(tx, { kind, subject: personId, at: by.at, payload: detail });
  await appendAudit(tx, { ...by, action: kind, subject: `person:${personId}`, outcome: "done", detail });
}

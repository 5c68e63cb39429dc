import type { Database } from "../../storage/database.ts";
import { unseal } from "../../storage/envelope.ts";
import type { KeyStore } from "../../storage/keys.ts";
import type { Embedding } from "../recognition/face-engine.ts";
import { distanceBetween } from "../recognition/matcher.ts";
import { embeddingOf, enrolmentContext } from "./embedding.ts";

/** How often recognition is right, as far as this household can tell. */
export interface Accuracy {
  readonly model: string;
  /** 0 to 100. */
  readonly percent: number;
  /**
   * `corrections`: share of the faces named in the last 30 days that nobody corrected.
   * `leave_one_out`: share of the enrolled faces whose nearest other one is of the same person and within the
   * distance; over people with two or more.
   */
  readonly source: "corrections" | "leave_one_out";
}

const WINDOW_MS = 30 * 24 * 3_600_000;

/** Null where nobody has corrected anything and nobody is enrolled twice: then it is not known. */
export async function measureAccuracy(
  { database, keys }: { database: Database; keys: KeyStore },
  { matchDistance, now }: { matchDistance: number; now: number },
): Promise<Accuracy | null> {
  return (await fromCorrections(database, now)) ?? (await leaveOneOut(database, keys, matchDistance));
}

async function fromCorrections(database: Database, now: number): Promise<Accuracy | null> {
  const [row] = await database.read
    .selectFrom("face")
    .innerJoin("visit", "visit.id", "face.visit_id")
    .where("visit.accepted_at", ">", now - WINDOW_MS)
    .where("visit.synthetic", "=", 0)
    .where("verdict", "in", ["named", "watchlisted"])
    .groupBy("face.model")
    .select((eb) => [
      "face.model",
      eb.fn.countAll<number>().as("named"),
      eb.fn.sum<number>("corrected").as("wrong"),
    ])
    .orderBy("named", "desc")
    .execute();
  if (!row || row.wrong === 0) return null;
  return { model: row.model, percent: (100 * (row.named - row.wrong)) / row.named, source: "corrections" };
}

async function leaveOneOut(
  database: Database,
  keys: KeyStore,
  matchDistance: number,
): Promise<Accuracy | null> {
  const rows = await database.read.selectFrom("enrolment").selectAll().where("kind", "=", "like").execute();
  const model = rows[0]?.model;
  const faces: { personId: string; embedding: Embedding }[] = [];
  for (const row of rows.filter((one) => one.model === model)) {
    const key = await keys.find({ kind: "person", id: row.person_id });
    if (key)
      faces.push({
        personId: row.person_id,
        embedding: embeddingOf(unseal(key, row.embedding, enrolmentContext(row.id))),
      });
  }
  const probes = faces.filter((face) =>
    faces.some((other) => other !== face && other.personId === face.personId),
  );
  if (probes.length === 0) return null;
  const right = probes.filter((probe) => {
    const others = faces
      .filter((face) => face !== probe)
      .map((face) => ({
        personId: face.personId,
        distance: distanceBetween(face.embedding, probe.embedding),
      }));
    const nearest = others.reduce((best, other) => (other.distance < best.distance ? other : best));
    return nearest.personId === probe.personId && nearest.distance <= matchDistance;
  });
  return { model: model!, percent: (100 * right.length) / probes.length, source: "leave_one_out" };
}

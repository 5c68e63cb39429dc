import type { Selectable } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { CaptureTable, FaceTable, OutboxTable, VisitTable } from "../../storage/schema.ts";

/** A visit with all that belongs to it, without what is sealed. */
export interface VisitDetail {
  readonly visit: VisitTable;
  readonly captures: readonly CaptureTable[];
  readonly faces: readonly Omit<Selectable<FaceTable>, "embedding">[];
  readonly deliveries: readonly Omit<
    Selectable<OutboxTable>,
    "content" | "lease" | "sending" | "waiting_since" | "waiting_boot" | "waiting_uptime"
  >[];
}

/** Which visits are asked for; newest first. */
export interface VisitQuery {
  /** Visits older than this one: the last id of the page before. */
  readonly before?: string | undefined;
  /** 1 to 100. */
  readonly limit: number;
  readonly door?: string | undefined;
  readonly outcome?: VisitTable["outcome"] | undefined;
  readonly person?: string | undefined;
  /** Synthetic visits are left out unless asked for. */
  readonly synthetic?: boolean | undefined;
}

/** Ids of visits, newest first: visit ids sort by time (UUIDv7). */
export async function listVisits(database: Database, query: VisitQuery): Promise<VisitDetail[]> {
  let rows = database.read.selectFrom("visit").selectAll().orderBy("id", "desc").limit(query.limit);
  if (query.before) rows = rows.where("id", "<", query.before);
  if (query.door) rows = rows.where("door_id", "=", query.door);
  if (query.outcome) rows = rows.where("outcome", "=", query.outcome);
  if (query.person) rows = rows.where("person_id", "=", query.person);
  if (!query.synthetic) rows = rows.where("synthetic", "=", 0);
  return withBelongings(database, await rows.execute());
}

/** One visit; undefined when there is none. */
export async function findVisit(database: Database, id: string): Promise<VisitDetail | undefined> {
  const rows = await database.read.selectFrom("visit").selectAll().where("id", "=", id).execute();
  return (await withBelongings(database, rows))[0];
}

/** Three queries for a whole page, not three for each visit. */
async function withBelongings(database: Database, visits: VisitTable[]): Promise<VisitDetail[]> {
  const ids = visits.map(({ id }) => id);
  if (ids.length === 0) return [];
  const captures = await database.read
    .selectFrom("capture")
    .selectAll()
    .where("visit_id", "in", ids)
    .orderBy("position")
    .execute();
  const faces = await database.read
    .selectFrom("face")
    .select(["id", "visit_id", "capture_id", "position", "x", "y", "width", "height"])
    .select(["score", "verdict", "person_id", "distance", "model", "corrected"])
    .where("visit_id", "in", ids)
    .orderBy("position")
    .execute();
  const deliveries = await database.read
    .selectFrom("outbox")
    .select(["seq", "id", "lane", "channel", "kind", "visit_id", "rule", "urgent", "state", "attempts"])
    .select([
      "available_boot",
      "available_uptime",
      "last_error",
      "created_at",
      "delivered_at",
      "acknowledged_at",
    ])
    .where("visit_id", "in", ids)
    .orderBy("seq")
    .execute();
  return visits.map((visit) => ({
    visit,
    captures: captures.filter((row) => row.visit_id === visit.id),
    faces: faces.filter((row) => row.visit_id === visit.id),
    deliveries: deliveries.filter((row) => row.visit_id === visit.id),
  }));
}

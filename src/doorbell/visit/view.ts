import type { Selectable } from "kysely";
import type { FaceTable } from "../../storage/schema.ts";
import type { VisitView } from "../api.ts";
import type { VisitDetail } from "./visits.ts";

/** What a view needs beside the rows. */
export interface ViewDeps {
  /** The name of a person, undefined for nobody and for somebody erased. */
  readonly nameOf: (personId: string) => Promise<string | undefined>;
  readonly doorName: (doorId: string) => string;
  /** Whether a door shows demonstration photos. */
  readonly isDemonstration: (doorId: string) => boolean;
}

/** A visit as the routes tell it: names opened, boxes as fractions of the frame. */
export async function viewVisit(detail: VisitDetail, deps: ViewDeps): Promise<VisitView> {
  const { visit, captures, faces, deliveries } = detail;
  const ids = new Set([visit.person_id, ...faces.map(({ person_id }) => person_id)]);
  const names = new Map<string, string>();
  for (const id of ids) if (id !== null) names.set(id, (await deps.nameOf(id)) ?? "");
  const ref = (id: string | null) => (id === null ? null : { id, name: names.get(id) ?? "" });
  const decision = JSON.parse(visit.decision ?? "{}") as { thresholds?: VisitView["thresholds"] };

  return {
    id: visit.id,
    door: { id: visit.door_id, name: deps.doorName(visit.door_id) },
    source: visit.trigger_source,
    state: visit.state,
    outcome: visit.outcome,
    reason: visit.reason,
    person: ref(visit.person_id),
    distance: visit.distance,
    evidence: visit.evidence as VisitView["evidence"],
    thresholds: decision.thresholds ?? null,
    model: visit.model,
    release: visit.release,
    synthetic: visit.synthetic === 1,
    demonstration: deps.isDemonstration(visit.door_id),
    acceptedAt: visit.accepted_at,
    decidedAt: visit.decided_at,
    acknowledgedAt: visit.acknowledged_at,
    captures: captures.map(({ id, taken_at, width, height }) => ({
      id,
      takenAt: taken_at,
      width,
      height,
      faces: faces
        .filter((face) => face.capture_id === id)
        .map((face) => viewFace(face, { width, height }, ref)),
    })),
    deliveries: deliveries.map((row) => ({
      id: row.id,
      channel: row.channel,
      rule: row.rule,
      urgent: row.urgent === 1,
      state: row.state,
      attempts: row.attempts,
      error: row.last_error,
      createdAt: row.created_at,
      deliveredAt: row.delivered_at,
    })),
  };
}

type FaceRow = Omit<Selectable<FaceTable>, "embedding">;
type FaceViewOf = VisitView["captures"][number]["faces"][number];

function viewFace(
  face: FaceRow,
  frame: { width: number | null; height: number | null },
  ref: (id: string | null) => FaceViewOf["nearest"],
): FaceViewOf {
  const across = frame.width ?? 1;
  const down = frame.height ?? 1;
  return {
    id: face.id,
    box: { x: face.x / across, y: face.y / down, width: face.width / across, height: face.height / down },
    score: face.score,
    verdict: face.verdict as FaceViewOf["verdict"],
    nearest: ref(face.person_id),
    distance: face.distance,
    corrected: face.corrected === 1,
  };
}

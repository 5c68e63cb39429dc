import { z } from "zod";
import type { VisitView } from "../../doorbell/api.ts";
import { defineCommand, parameter } from "../command.ts";
import { factLines, printable, table } from "../table.ts";
import { durationText, timeText } from "../time-text.ts";
import { distanceLine } from "./distance-line.ts";
import { findVisit } from "./queries.ts";
import { nameText, outcomeText, reasonTexts, whoText } from "./words.ts";

/** Tells all of one visit, and why it was decided so. */
export const visitShow = defineCommand({
  examples: ["doorbell visit show 0199f3c2", "doorbell visit show 0199f3c2-5d1e --json"],
  parameters: { id: parameter("<id>", "the visit's id, or a beginning that no other has", z.string()) },
  async run({ id }, { output, client }) {
    const visit = await output.progress("reading the visit", async () => findVisit(await client(), id));
    output.result(visit, () => printable(visitText(visit)));
  },
});

function visitText(visit: VisitView): string {
  const sections = [
    [`visit ${visit.id}\n${factLines(facts(visit))}`],
    paragraph("why", [...reasonTexts(visit), ...distances(visit)]),
    paragraph("frames", frames(visit)),
    paragraph("faces", faces(visit)),
    paragraph("deliveries", deliveries(visit)),
  ];
  return sections.flat().join("\n");
}

function facts(visit: VisitView): [string, string | undefined][] {
  const who = whoText(visit);
  const { acceptedAt, decidedAt, acknowledgedAt } = visit;
  return [
    ["door", `${visit.door.name} (${visit.door.id})`],
    ["pressed", `${timeText(acceptedAt)} by ${visit.source}`],
    ["outcome", who ? `${outcomeText(visit)}: ${who}` : outcomeText(visit)],
    [
      "decided",
      decidedAt === null ? undefined : `${durationText(Math.max(0, decidedAt - acceptedAt))} later`,
    ],
    ["acknowledged", acknowledgedAt === null ? undefined : timeText(acknowledgedAt)],
    ["release", visit.release],
    ["model", visit.model ?? undefined],
    ["note", visit.demonstration ? "made of demonstration photos" : undefined],
    ["note", visit.synthetic ? "made by the system to test itself" : undefined],
  ];
}

/** A heading over its lines; nothing where there are none. */
function paragraph(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${heading}\n${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n`];
}

function distances(visit: VisitView): string[] {
  const lines = distanceLine(visit);
  return lines.length === 0 ? [] : ["", ...lines];
}

function frames({ captures }: VisitView): string[] {
  const rows = captures.map(({ id, takenAt, width, height, faces }, index) => [
    index + 1,
    timeText(takenAt),
    width === null ? undefined : `${width} x ${height}`,
    faces.length,
    id,
  ]);
  return linesOf(["FRAME", "TAKEN", "SIZE", "FACES", "ID"], rows);
}

function faces({ captures }: VisitView): string[] {
  const rows = captures.flatMap(({ width, faces }, index) =>
    faces.map((face) => [
      index + 1,
      face.corrected ? `${face.verdict}, corrected` : face.verdict.replace("_", " "),
      face.nearest ? nameText(face.nearest) : undefined,
      face.distance?.toFixed(3),
      width === null ? undefined : `${Math.round(face.box.width * width)} px`,
      face.score.toFixed(2),
      face.id,
    ]),
  );
  return linesOf(["FRAME", "VERDICT", "NEAREST", "DISTANCE", "WIDTH", "SCORE", "ID"], rows);
}

function deliveries({ deliveries }: VisitView): string[] {
  const rows = deliveries.map((one) => [
    one.channel,
    one.rule,
    one.urgent ? `${one.state}, urgent` : one.state,
    one.attempts,
    one.deliveredAt === null ? undefined : timeText(one.deliveredAt),
    one.error ?? undefined,
  ]);
  return linesOf(["CHANNEL", "RULE", "STATE", "TRIES", "DELIVERED", "ERROR"], rows);
}

/** The lines of a table; none where it has no rows. */
function linesOf(headings: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  return rows.length === 0 ? [] : table(headings, rows).trimEnd().split("\n");
}

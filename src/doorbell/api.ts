/**
 * The shapes that the routes of the product answer with: what the page, the command line and other programs
 * build on. Times are milliseconds since the epoch. Boxes are fractions of the frame, 0 to 1, so that they fit
 * the picture at any size.
 */
import { z } from "zod";

const id = z.uuid();
const moment = z.int().describe("Milliseconds since the epoch.");

/** A door, and the scenes its camera can show where it is the demonstration's. */
export const doorView = z
  .object({
    id: z.string().describe("Slug from the configuration, such as `front`."),
    name: z.string(),
    camera: z.string().describe("The camera's driver."),
    scenes: z
      .array(z.object({ id: z.string(), description: z.string() }))
      .describe("Scenes that a press may ask for; empty but for the demonstration camera."),
  })
  .meta({ id: "Door" });

/** What a press is answered with, once its visit is durable. */
export const pressAnswer = z
  .object({
    visitId: id,
    status: z
      .enum(["accepted", "repeated", "merged"])
      .describe(
        "`repeated`: this Idempotency-Key was used before. `merged`: pressed again within the debounce time.",
      ),
  })
  .meta({ id: "PressAnswer" });

/** A person as a visit names them. */
export const personRef = z
  .object({
    id,
    name: z.string().describe("Empty when the person was erased."),
  })
  .meta({ id: "PersonRef" });

/** One face on a capture, and whom it was taken for. */
export const faceView = z
  .object({
    id,
    box: z
      .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
      .describe("Fractions of the frame."),
    score: z.number().describe("The detector's confidence, 0 to 1."),
    verdict: z.enum(["named", "watchlisted", "unknown", "too_small"]),
    nearest: personRef.nullable().describe("Who is nearest in the library, named or not."),
    distance: z.number().nullable().describe("Distance to the nearest."),
    corrected: z.boolean().describe("Somebody said: not this person."),
  })
  .meta({ id: "Face" });

/** One picture of a visit, with its faces; the picture itself has a route of its own. */
export const captureView = z
  .object({
    id,
    takenAt: moment,
    width: z.int().nullable(),
    height: z.int().nullable(),
    faces: z.array(faceView),
  })
  .meta({ id: "Capture" });

/** One message of a visit to one channel, and how far it is. */
export const deliveryView = z
  .object({
    id,
    channel: z.string(),
    rule: z.string(),
    urgent: z.boolean(),
    state: z.enum(["waiting", "delivered", "dead", "cancelled"]),
    attempts: z.int(),
    error: z.string().nullable(),
    createdAt: moment,
    deliveredAt: moment.nullable(),
  })
  .meta({ id: "Delivery" });

/** A visit with all that is known of it. */
export const visitView = z
  .object({
    id,
    door: z.object({ id: z.string(), name: z.string() }),
    source: z.string(),
    state: z.enum(["accepted", "captured", "decided", "done"]),
    outcome: z.enum(["known", "unknown", "watchlisted", "no_face", "no_frame"]).nullable(),
    reason: z.string().nullable().describe("A code: why there is no frame, or what else is to be said."),
    person: personRef.nullable(),
    distance: z.number().nullable(),
    evidence: z.enum(["agreeing", "single"]).nullable(),
    thresholds: z
      .object({
        minFaceWidthPx: z.number(),
        matchDistance: z.number(),
        watchlistDistance: z.number(),
        watchlistSingleDistance: z.number(),
      })
      .nullable()
      .describe("Those the decision was made with."),
    model: z.string().nullable(),
    release: z.string(),
    synthetic: z.boolean(),
    demonstration: z.boolean().describe("Made of demonstration photos."),
    acceptedAt: moment,
    decidedAt: moment.nullable(),
    acknowledgedAt: moment.nullable(),
    captures: z.array(captureView),
    deliveries: z.array(deliveryView),
  })
  .meta({ id: "Visit" });

/** One page of the list of visits. */
export const visitPage = z
  .object({
    visits: z.array(visitView).describe("Newest first."),
    next: id.nullable().describe("`before` of the next page; null on the last."),
  })
  .meta({ id: "VisitPage" });

/** A person whom the house knows. */
export const personView = z
  .object({
    id,
    name: z.string(),
    watchlisted: z.boolean(),
    demonstration: z.boolean(),
    createdAt: moment,
    enrolments: z.int().describe("Faces that recognition compares with."),
    portrait: z.string().nullable().describe("Address of a photo of the person."),
  })
  .meta({ id: "Person" });

/** What a photo of a person is answered with. */
export const enrolmentAnswer = z
  .object({
    personId: id,
    enrolmentId: id.nullable(),
    status: z.enum(["enrolled", "pending"]).describe("`pending`: no worker has come to it yet; it goes on."),
  })
  .meta({ id: "EnrolmentAnswer" });

/** Parsed `visitView`. */
export type VisitView = z.infer<typeof visitView>;
/** Parsed `doorView`. */
export type DoorView = z.infer<typeof doorView>;
/** Parsed `personView`. */
export type PersonView = z.infer<typeof personView>;
/** Parsed `pressAnswer`. */
export type PressAnswer = z.infer<typeof pressAnswer>;
/** Parsed `enrolmentAnswer`. */
export type EnrolmentAnswer = z.infer<typeof enrolmentAnswer>;

import { z } from "zod";
import { visitView } from "../../doorbell/api.ts";
import { ask } from "../ask.ts";
import { defineCommand, parameter } from "../command.ts";
import { findVisit } from "./queries.ts";
import { deliveriesText } from "./words.ts";

/** Says that somebody has seen a visit: what still waits to tell of it is cancelled. */
export const visitAck = defineCommand({
  examples: ["doorbell visit ack 0199f3c2"],
  parameters: { id: parameter("<id>", "the visit's id, or a beginning that no other has", z.string()) },
  async run({ id }, { output, client }) {
    const visit = await output.progress("acknowledging", async () => {
      const system = await client();
      const { id: whole } = await findVisit(system, id);
      return ask(system, visitView, { method: "POST", path: `/api/visits/${whole}/acknowledge` });
    });
    output.result(visit, () => `acknowledged ${visit.id}, deliveries: ${deliveriesText(visit)}\n`);
  },
});

import { z } from "zod";
import { doorView } from "../doorbell/api.ts";
import { ask } from "./ask.ts";
import { defineCommand } from "./command.ts";
import { table } from "./table.ts";

/** Lists the doors, and the scenes that a demonstration camera can show. */
export const doorList = defineCommand({
  examples: ["doorbell door list"],
  async run(_, { output, client }) {
    const answer = await output.progress("reading doors", async () =>
      ask(await client(), z.object({ doors: z.array(doorView) }), { path: "/api/doors" }),
    );
    output.result(answer, () => {
      const rows = answer.doors.map(({ id, name, camera, scenes }) => {
        return [id, name, camera, scenes.map((scene) => scene.id).join(", ") || undefined];
      });
      return table(["ID", "NAME", "CAMERA", "SCENES"], rows);
    });
  },
});

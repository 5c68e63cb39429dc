import type { z } from "zod";

/** Marks a configuration key that `config reload` changes in the running system. */
export function live<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), reload: "live" }) as T;
}

/** Marks a configuration key that takes effect when the processes are started again. */
export function restart<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), reload: "restart" }) as T;
}

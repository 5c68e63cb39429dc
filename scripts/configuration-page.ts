/** Writes the tables of docs/configuration.md anew from the schema. */
import { readFileSync, writeFileSync } from "node:fs";
import { configPage } from "../src/config/reference.ts";
import { configSchema } from "../src/config/schema.ts";

const page = new URL("../docs/configuration.md", import.meta.url);
writeFileSync(page, configPage(readFileSync(page, "utf8"), configSchema));

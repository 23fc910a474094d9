// Writes the JSON Schema of midwatch.yaml that ships with the command, from the reader's own tables.

import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../packages/cli/src/config/json-schema.ts";

const file = new URL("../packages/cli/midwatch.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { configJsonSchema } from "./json-schema.ts";

test("the schema that ships for editors is the one that the reader's tables make", () => {
  const shipped: unknown = JSON.parse(readFileSync(new URL("../../midwatch.schema.json", import.meta.url), "utf8"));
  assert.deepEqual(shipped, JSON.parse(JSON.stringify(configJsonSchema())), "run `npm run fix` to write it anew");
});

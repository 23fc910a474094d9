// The JSON Schema of midwatch.yaml, for editors. It is made from the same tables that the reader checks against, so it
// cannot say anything else. `${NAME}` may stand for any text; numbers and flags cannot come from the environment.

import { alertFields } from "./alert-fields.ts";
import {
  agentFields,
  budgetFields,
  meterFields,
  policyFields,
  priceFields,
  reportFields,
  watcherFields,
  sections,
  serverFields,
  sharedLimitFields,
  tagBudgetsAbout,
  targetFields,
  type Field,
  type Fields,
} from "./fields.ts";
import { mostPerMillion } from "./field-value.ts";

type Schema = Readonly<Record<string, unknown>>;

export function configJsonSchema(): Schema {
  const about = (section: string, schema: Schema): Schema => ({ description: sections[section], ...schema });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "midwatch.yaml",
    type: "object",
    additionalProperties: false,
    properties: {
      server: about("server", objectOf(serverFields)),
      meter: about("meter", objectOf(meterFields)),
      defaults: about("defaults", objectOf(policyFields)),
      agents: about(
        "agents",
        mapOf({
          ...objectOf(agentFields),
          oneOf: Object.keys(targetFields).map((name) => ({ required: [name] })),
        }),
      ),
      budgets: about("budgets", budgetsSchema()),
      prices: about(
        "prices",
        mapOf({
          ...objectOf(priceFields),
          type: "object",
          anyOf: [{ required: ["input", "output"] }, { required: ["local"], properties: { local: { const: true } } }],
        }),
      ),
      channels: about("channels", mapOf({ type: "object", required: ["type"] })),
      alerts: about("alerts", objectOf(alertFields)),
      report: about("report", objectOf(reportFields)),
      watcher: about("watcher", objectOf(watcherFields)),
    },
  };
}

/** Tags are of the user's own making, so they stand in a mapping of their own. */
function budgetsSchema(): Schema {
  const { properties, ...rest } = objectOf(budgetFields) as { readonly properties: Schema };
  const tags = { description: tagBudgetsAbout, ...mapOf(objectOf(sharedLimitFields)) };
  return { ...rest, properties: { ...properties, tags } };
}

/** A section may be empty, as when every line below it is commented out. */
function objectOf(fields: Fields): Schema {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]));
  return { type: ["object", "null"], additionalProperties: false, properties };
}

function mapOf(additionalProperties: Schema): Schema {
  return { type: ["object", "null"], additionalProperties };
}

function schemaOf(field: Field): Schema {
  const description = "none" in field && field.none ? `${field.about} ${field.none}` : field.about;
  switch (field.type) {
    case "duration":
      return {
        description,
        type: "string",
        pattern: String.raw`^(\d+(\.\d+)?\s*(ms|s|m|h|d)|\$\{\w+\})$`,
        examples: ["60s", "5m"],
      };
    case "count":
      return { description, type: orNull("integer", field), minimum: field.least, maximum: field.most };
    case "usd":
      return { description, type: orNull("number", field), minimum: 0.000_001, maximum: 1_000_000_000 };
    case "price":
      return { description, type: "number", minimum: 0, maximum: mostPerMillion };
    case "choice":
      return { description, enum: field.of };
    case "text":
      return { description, type: "string", minLength: 1, ...(field.pattern ? { pattern: field.pattern.source } : {}) };
    case "texts":
      return { description, type: "array", items: { type: "string" } };
    case "environment":
      return { description, type: "object", additionalProperties: { type: "string" } };
    case "rows":
      return {
        description,
        type: "array",
        items: { ...objectOf(field.of), type: "object", required: field.required },
      };
    case "group":
      return { description, ...objectOf(field.of), type: "object" };
    case "named":
      return {
        description,
        type: "object",
        propertyNames: { pattern: field.names.source },
        additionalProperties: { ...objectOf(field.of), type: "object" },
      };
    case "flag":
      return { description, type: "boolean" };
  }
}

function orNull(type: string, field: { readonly none?: string }): string | string[] {
  return field.none === undefined ? type : [type, "null"];
}

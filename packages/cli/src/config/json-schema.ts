// The JSON Schema of midwatch.yaml, for editors. It is made from the same tables that the reader checks against, so it
// cannot say anything else. `${NAME}` may stand for any text; numbers and flags cannot come from the environment.

import {
  agentFields,
  alertFields,
  meterFields,
  policyFields,
  reportFields,
  sections,
  serverFields,
  targetFields,
  type Field,
  type Fields,
} from "./fields.ts";

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
      channels: about("channels", mapOf({ type: "object", required: ["type"] })),
      alerts: about("alerts", objectOf(alertFields)),
      report: about("report", objectOf(reportFields)),
    },
  };
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
  const description = field.about;
  switch (field.type) {
    case "duration":
      return {
        description,
        type: "string",
        pattern: String.raw`^(\d+(\.\d+)?\s*(ms|s|m|h|d)|\$\{\w+\})$`,
        examples: ["60s", "5m"],
      };
    case "count":
      return { description, type: "integer", minimum: field.least, maximum: field.most };
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

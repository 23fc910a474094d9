import type { FastifySchemaValidationError } from "fastify";
import type { ErrorDetail } from "../errors.ts";

/**
 * What the schema validator found, for a person: one line per field, in words. Where a field may be of several shapes the
 * validator complains once per shape and once more; the lines of one field are joined.
 */
export function wordFaults(faults: readonly FastifySchemaValidationError[]): ErrorDetail[] {
  const byPath = new Map<string, Set<string>>();
  for (const fault of faults) {
    const words = wordsOf(fault);
    if (words === null) continue;
    const path = pathOf(fault);
    const known = byPath.get(path);
    if (known) known.add(words);
    else byPath.set(path, new Set([words]));
  }
  return Array.from(byPath, ([path, words]) => ({ path, message: [...words].join(", or ") }));
}

/** Null for the summary of several faults, which stand there themselves. */
function wordsOf(fault: FastifySchemaValidationError): string | null {
  const { keyword, params, message } = fault;
  switch (keyword) {
    case "anyOf":
    case "oneOf":
      return null;
    case "additionalProperties":
      return "is not known here";
    case "required":
      return "is required";
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    case "type":
      return params["type"] === "null" ? "null" : `must be ${article(String(params["type"]))}`;
    case "pattern":
      return formOf(fault) ?? message ?? "is wrong";
    default:
      return message ?? "is wrong";
  }
}

/** A pattern is for machines; what its schema says of it is for people. The validator hands the schema along. */
function formOf(fault: FastifySchemaValidationError & { readonly parentSchema?: unknown }): string | null {
  const { parentSchema } = fault;
  const hasWords = typeof parentSchema === "object" && parentSchema !== null && "description" in parentSchema;
  return hasWords && typeof parentSchema.description === "string"
    ? `has not the form that it needs (${parentSchema.description})`
    : null;
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function pathOf({ instancePath, params }: FastifySchemaValidationError): string {
  const inside = instancePath.slice(1).replaceAll("/", ".");
  const named = params["additionalProperty"] ?? params["missingProperty"];
  return [inside, typeof named === "string" ? named : ""].filter((part) => part !== "").join(".");
}

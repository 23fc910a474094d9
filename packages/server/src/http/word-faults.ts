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
function wordsOf({ keyword, params, message }: FastifySchemaValidationError): string | null {
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
    default:
      return message ?? "is wrong";
  }
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function pathOf({ instancePath, params }: FastifySchemaValidationError): string {
  const inside = instancePath.slice(1).replaceAll("/", ".");
  const named = params["additionalProperty"] ?? params["missingProperty"];
  return [inside, typeof named === "string" ? named : ""].filter((part) => part !== "").join(".");
}

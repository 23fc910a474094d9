import type { FastifyRequest } from "fastify";
import { callerOf } from "./access.ts";
import { invalidField } from "./paging.ts";

const maxLength = 64;

/** Who is written down as having asked: `by` of the body when it is there, else the name of the key or the dashboard. */
export function whoAsks(request: FastifyRequest): string {
  const { body } = request;
  const by = typeof body === "object" && body !== null && "by" in body ? body.by : null;
  if (by === null) return callerOf(request).name;
  if (typeof by === "string" && by.trim() !== "" && by.length <= maxLength) return by.trim();
  throw invalidField("by", `must be a name of 1 to ${maxLength} characters, or left out`);
}

import { costNames } from "./attribute-names.ts";
import type { Attributes } from "./records.ts";
import type { Remarks } from "./remarks.ts";

/** A billion dollars: what is above it was not meant as money. */
const mostMicros = 1e15;

/** What the sender says that the call cost, in micro-dollars; null when it says nothing, or nothing that can be. */
export function reportedCost(attributes: Attributes, remarks: Remarks): number | null {
  const micros = attributes.get(costNames.micros);
  if (micros !== undefined) return micros === "" ? null : cleanMicros(Number(micros), costNames.micros, remarks);
  for (const name of costNames.dollars) {
    const dollars = attributes.get(name);
    if (dollars !== undefined) return cleanMicros(Number(dollars) * 1e6, name, remarks);
  }
  return null;
}

export function cleanMicros(micros: number, name: string, remarks: Remarks): number | null {
  if (Number.isFinite(micros) && micros >= 0 && micros <= mostMicros) return Math.round(micros);
  remarks.add(`${name} is no sum of money and was left out`);
  return null;
}

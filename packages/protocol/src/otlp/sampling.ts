import { samplingNames } from "./attribute-names.ts";
import type { Attributes } from "./records.ts";

const sampledFlag = 1;
/** A threshold of OpenTelemetry's consistent sampling; zeros only mean that every trace is kept. */
const threshold = /(?:^|,)ot=(?:[^,]*;)?th:(?!0+(?:[;,]|$))[0-9a-f]+/;

/** Whether a span shows that only some traces are kept, so that what it tells is less than what happened. */
export function isSampled(flags: number, traceState: string, attributes: Attributes): boolean {
  // Flags that were set at all, without the one that says "recorded for everybody".
  if (flags !== 0 && (flags & sampledFlag) === 0) return true;
  if (traceState !== "" && threshold.test(traceState)) return true;
  if (attributes.size === 0) return false;
  for (const [name, all] of Object.entries(samplingNames)) {
    const value = attributes.get(name);
    if (typeof value === "number" && value !== all) return true;
  }
  return false;
}

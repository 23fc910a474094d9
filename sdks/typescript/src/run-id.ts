import { randomUUID } from "node:crypto";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

const KEY = "midwatch.run_id";

/**
 * Names this life of the process. Worker threads started later inherit it, because they are the same life; child processes
 * are lives of their own and do not (unless a supervisor's MIDWATCH_RUN_ID says otherwise).
 */
export function processRunId(): string {
  const known = getEnvironmentData(KEY);
  if (typeof known === "string") return known;
  const fresh = randomUUID();
  setEnvironmentData(KEY, fresh);
  return fresh;
}

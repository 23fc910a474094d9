import type { HistoryEntry } from "@midwatch/core";

/** Who gives the first start. */
export const theSupervisor = "the supervisor";

/** What the log says of an entry of an agent's history; null when it is not worth a line. */
export function logLineOf({ kind, text, data }: HistoryEntry): string | null {
  switch (kind) {
    case "started":
    case "start-refused":
    case "exited":
    case "restarted":
    case "state-invalid":
    case "shutdown-announced":
      return text;
    case "commanded":
      return data["by"] === theSupervisor ? null : text;
    case "incident-opened":
      return `${String(data["severity"])}: ${String(data["kind"])}: ${text}`;
    case "incident-raised":
      return text;
    case "incident-resolved":
      return `${String(data["kind"])} is over: ${text}`;
    case "registered":
    case "state-changed":
    case "run-started":
    case "hung":
    case "evidence-taken":
    case "command-ended":
    case "recovery-changed":
    case "interval-learned":
    case "lease-taken":
    case "sight-lost":
    case "baseline-accepted":
    case "incident-acknowledged":
      return null;
  }
}

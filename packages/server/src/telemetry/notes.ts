import type { Log } from "../log.ts";

/** Agents that things are noted of; beyond them nothing is said, which is better than saying it with every span. */
const maxAgents = 1_000;

/** What is worth saying once of an agent, and a nuisance with every record. */
export class Notes {
  readonly #log: Pick<Log, "warn">;
  readonly #sampled = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(log: Pick<Log, "warn">) {
    this.#log = log;
  }

  /** The remark for the first call of an agent whose traces are sampled; null after that. */
  sampling(agent: string): string | null {
    if (!isFirst(this.#sampled, agent)) return null;
    const remark = "the traces are sampled, so calls are missing";
    this.#log.warn({ agent }, `${remark}; send metrics or logs as well, or use the metering proxy`);
    return remark;
  }

  /** Records that were refused are told to the sender each time, and to the log once. */
  refused(message: string): void {
    if (isFirst(this.#refused, message)) this.#log.warn({}, `telemetry was refused: ${message}`);
  }
}

function isFirst(known: Set<string>, one: string): boolean {
  if (known.has(one) || known.size >= maxAgents) return false;
  known.add(one);
  return true;
}

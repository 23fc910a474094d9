import { invariant } from "@midwatch/core";
import type { Command } from "@midwatch/protocol";
import { assemble, type Parts } from "./assemble.ts";
import { describeError, SupervisorError, systemCode } from "./failure.ts";
import { takeOwnership } from "./journal/ownership.ts";
import { planFor } from "./keeper/restore-plan.ts";
import { bootId, isAlive, type ProcessIdentity } from "./process/identity.ts";
import { findRuns, markerOf, type FoundRun } from "./process/marker.ts";
import { describeUnkillable, stopTree } from "./process/stop-ladder.ts";
import type { AgentEnd, CommandResult, RunningSupervisor, SupervisorOptions } from "./running-supervisor.ts";

/** From TERM to KILL for what is not configured any more. */
const retireGraceMs = 10_000;

/**
 * Starts the supervision: takes over what an earlier life left running, and starts what is to run. Rejects with a
 * `SupervisorError`: `data_folder_in_use` while another supervisor works in the folder, `data_folder_unwritable`,
 * `receiver_unavailable`, `invalid_agents`.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  checkNames(options);
  const ownership = await takeOwnership(options.folder);
  const supervisor = new Supervisor(options, ownership.release);
  try {
    await supervisor.begin(ownership.supervisorId);
    return supervisor;
  } catch (error) {
    await ownership.release();
    if (systemCode(error) === null) throw error;
    throw new SupervisorError(
      "data_folder_unwritable",
      `cannot work in the data folder ${options.folder}: ${describeError(error)}. Free some space, or make the folder and its files writable for this user.`,
      { cause: error },
    );
  }
}

function checkNames({ agents }: SupervisorOptions): void {
  const names = agents.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new SupervisorError("invalid_agents", `two agents are called ${twice}; give each a name of its own.`);
}

class Supervisor implements RunningSupervisor {
  readonly #options: SupervisorOptions;
  readonly #release: () => Promise<void>;
  readonly #ended = Promise.withResolvers<readonly AgentEnd[]>();
  #parts: Parts | null = null;
  #begun = false;
  #stopping: Promise<void> | null = null;

  constructor(options: SupervisorOptions, release: () => Promise<void>) {
    this.#options = options;
    this.#release = release;
  }

  async begin(supervisorId: string): Promise<void> {
    const parts = await assemble(this.#options, { supervisorId, onDecided: () => this.#lookForTheEnd() });
    this.#parts = parts;
    const found = findRuns(supervisorId);
    await this.#retire(found);
    parts.link?.open();
    const asked = this.#options.asked ?? false;
    const begun = [...parts.keepers].map(([name, keeper]) => {
      const runs = found.filter(({ agent }) => agent === name);
      const restored = planFor(parts.entries.get(name) ?? null, {
        found: runs,
        isAlive: ({ identity }) => isAlive(identity),
        bootId: bootId(),
      });
      return keeper.begin(restored, { asked });
    });
    parts.watch.open();
    await Promise.all(begun);
    this.#begun = true;
    this.#lookForTheEnd();
  }

  /** Ends what runs for agents that are not configured any more: nobody would watch them. */
  async #retire(found: readonly FoundRun[]): Promise<void> {
    const { keepers, entries, world } = this.#open;
    const runs = found.filter(({ agent }) => !keepers.has(agent));
    for (const { agent, run } of entries.values()) {
      // Where processes cannot be searched for, the journal knows them.
      const listed = runs.some(({ runId }) => runId === run?.runId);
      if (run && !keepers.has(agent) && !listed && isAlive(run.identity)) runs.push({ ...run, agent });
    }
    await Promise.all(runs.map((run) => this.#retireRun(run)));
    for (const name of entries.keys()) if (!keepers.has(name)) await world.journal.remove(name);
  }

  async #retireRun({ agent, runId, identity }: FoundRun & { readonly identity: ProcessIdentity }): Promise<void> {
    const { log } = this.#options;
    const { world } = this.#open;
    log(`${agent}: is not configured any more, but process ${identity.pid} runs; it is stopped`);
    const tree = { identity, marker: markerOf(world.supervisorId, runId) };
    const left = await stopTree(tree, { graceMs: retireGraceMs, kill: false });
    if (left.length > 0) {
      log(`${agent}: ${describeUnkillable(left)}`);
      return;
    }
    const exit = { code: null, signal: null, stopped_for: "command" as const, oom: null, last_lines: [] };
    world.relay.fact({ type: "exited", at: world.now(), agent, run_id: runId, exit });
  }

  get url(): string {
    return this.#open.world.receiver.url;
  }

  get ended(): Promise<readonly AgentEnd[]> {
    return this.#ended.promise;
  }

  #lookForTheEnd(): void {
    if (!this.#begun) return;
    const ends = [...this.#open.keepers.values()].map(({ end }) => end);
    if (ends.every((end) => end !== null)) this.#ended.resolve(ends);
  }

  command(agent: string, command: Command["command"], by: string): Promise<CommandResult> {
    const keeper = this.#open.keepers.get(agent);
    if (keeper) return keeper.command(command, by);
    const known = [...this.#open.keepers.keys()].join(", ");
    return Promise.resolve({ ok: false, message: `no agent is called ${agent} here; there is ${known}` });
  }

  stop({ agents }: { readonly agents: "stop" | "leave" }): Promise<void> {
    if (this.#stopping) {
      if (agents === "stop") for (const keeper of this.#open.keepers.values()) void keeper.shutDown();
      return this.#stopping;
    }
    this.#stopping = this.#close(agents);
    return this.#stopping;
  }

  async #close(agents: "stop" | "leave"): Promise<void> {
    const { keepers, watch, receiver, link, spool, world } = this.#open;
    const all = [...keepers.values()];
    // The receiver stays until the agents are gone: they announce their end to it.
    await Promise.all(all.map((keeper) => (agents === "stop" ? keeper.shutDown() : keeper.close())));
    watch.close();
    await receiver.close();
    world.relay.close();
    await link?.close({ flush: true });
    await world.fallback.close();
    await Promise.all(all.map((keeper) => keeper.saveIfNeeded()));
    await spool?.close();
    await world.journal.settled();
    await this.#release();
    this.#ended.resolve(all.flatMap(({ end }) => end ?? []));
  }

  get #open(): Parts {
    invariant(this.#parts, "a supervisor is handed out only once it has begun");
    return this.#parts;
  }
}

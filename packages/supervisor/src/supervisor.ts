import { join } from "node:path";
import { invariant } from "@midwatch/core";
import type { Command } from "@midwatch/protocol";
import { assemble, type Parts } from "./assemble.ts";
import { describeError, SupervisorError, systemCode } from "./failure.ts";
import type { JournalEntry } from "./journal/entry.ts";
import { takeOwnership } from "./journal/ownership.ts";
import type { Keeper } from "./keeper/keeper.ts";
import { dependentsOf, findCircle, startOrder, stopOrder } from "./order.ts";
import { forgetOtherExits } from "./process/exit-shim.ts";
import { findRuns } from "./process/marker.ts";
import { retire } from "./retire.ts";
import type { AgentEnd, CommandResult, RunningSupervisor, SupervisorOptions } from "./running-supervisor.ts";
import type { SupervisedAgent } from "./supervised-agent.ts";

/**
 * Starts the supervision: takes over what an earlier life left running, and starts what is to run. Rejects with a
 * `SupervisorError`: `data_folder_in_use` while another supervisor works in the folder, `data_folder_unwritable`,
 * `receiver_unavailable`, `invalid_agents`.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  checkAgents(options.agents);
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

function checkAgents(agents: readonly SupervisedAgent[]): void {
  const names = agents.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`two agents are called ${twice}; give each a name of its own.`);
  for (const { name, after } of agents) {
    const unknown = after.find((one) => !names.includes(one));
    if (unknown !== undefined) throw invalid(`${name} comes after ${unknown}, and no agent is called so.`);
  }
  const circle = findCircle(agents);
  if (circle) throw invalid(`${circle.join(" waits for ")}: nothing could be started first. Break the circle.`);
}

function invalid(message: string): SupervisorError {
  return new SupervisorError("invalid_agents", message);
}

class Supervisor implements RunningSupervisor {
  readonly #options: SupervisorOptions;
  readonly #release: () => Promise<void>;
  readonly #ended = Promise.withResolvers<readonly AgentEnd[]>();
  #parts: Parts | null = null;
  #begun = false;
  #reloading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  readonly #toldEnds = new Map<string, string>();

  constructor(options: SupervisorOptions, release: () => Promise<void>) {
    this.#options = options;
    this.#release = release;
  }

  async begin(supervisorId: string): Promise<void> {
    const { agents, log, asked = false } = this.#options;
    const parts = await assemble(this.#options, {
      supervisorId,
      onDecided: () => this.#onDecided(),
      onCommand: ({ id, agent, command, by, dependents = false }) =>
        this.#command(agent, command, by, { id, dependents }),
    });
    this.#parts = parts;
    const found = findRuns(supervisorId);
    const { entries, keepers, journal, relay } = parts;
    for (const agent of agents) {
      const runs = found.filter((run) => run.agent === agent.name);
      const known = entries.get(agent.name) ?? null;
      const entry = runs.length > 0 && !isProcess(agent) ? withoutProcess(known) : known;
      keepers.set(agent.name, await parts.openKeeper(agent, { entry, found: runs }));
    }
    const tell = relay.fact.bind(relay);
    for (const name of await retire({ ...parts, found, tell, log })) await journal.remove(name);
    const awaited = [...found, ...[...entries.values()].flatMap(({ run }) => run ?? [])].map(({ runId }) => runId);
    await forgetOtherExits(join(this.#options.folder, "exits"), new Set(awaited));
    parts.link?.open();
    const begun = [...keepers.values()].map((keeper) => keeper.begin({ asked }));
    parts.watch.open();
    await Promise.all(begun);
    this.#begun = true;
    this.#onDecided();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#open.receiver.port}`;
  }

  get ended(): Promise<readonly AgentEnd[]> {
    return this.#ended.promise;
  }

  /** One agent has moved: others may have waited for it, or it was the last to come to its end. */
  #onDecided(): void {
    if (!this.#begun) return;
    const keepers = [...this.#open.keepers.values()];
    for (const keeper of keepers) void keeper.startIfWaiting();
    const ends = keepers.map(({ end }) => end);
    for (const end of ends) if (end !== null) this.#tellEnd(end);
    if (ends.every((end) => end !== null)) this.#ended.resolve(ends);
  }

  #tellEnd(end: AgentEnd): void {
    const words = JSON.stringify(end);
    if (this.#toldEnds.get(end.agent) === words) return;
    this.#toldEnds.set(end.agent, words);
    this.#options.onEnd?.(end);
  }

  command(
    agent: string,
    command: Command["command"],
    by: string,
    { dependents = false }: { readonly dependents?: boolean } = {},
  ): Promise<CommandResult> {
    return this.#command(agent, command, by, { id: null, dependents });
  }

  async #command(
    agent: string,
    command: Command["command"],
    by: string,
    { id, dependents }: { readonly id: string | null; readonly dependents: boolean },
  ): Promise<CommandResult> {
    const { keepers } = this.#open;
    const keeper = keepers.get(agent);
    if (!keeper) {
      const known = [...keepers.keys()].join(", ");
      return { ok: false, message: `no agent is called ${agent} on this host; there is ${known}` };
    }
    const result = await keeper.command(command, by, { id });
    if (!dependents || command !== "restart" || !result.ok) return result;
    const followers = dependentsOf(
      [...keepers.values()].map((one) => one.agent),
      agent,
    );
    // They end now, and each starts once those before it are up again.
    for (const { name } of followers) void keepers.get(name)?.command("restart", by, { id, isOrdered: true });
    const names = followers.map(({ name }) => name).join(", ");
    return names === "" ? result : { ok: true, message: `${result.message}, and ${names} after it` };
  }

  async reload(agents: readonly SupervisedAgent[]): Promise<void> {
    checkAgents(agents);
    const reloaded = this.#reloading.then(() => this.#reload(agents));
    // What goes wrong is told to whoever asked, and does not keep the next one from its turn.
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  async #reload(agents: readonly SupervisedAgent[]): Promise<void> {
    if (this.#stopping) return;
    const { keepers, journal } = this.#open;
    const { log } = this.#options;
    const wanted = new Map(agents.map((agent) => [agent.name, agent]));
    for (const [name, keeper] of keepers) {
      if (wanted.has(name)) continue;
      const fate = isProcess(keeper.agent) ? "it is stopped" : "it is left to what runs it";
      log(`${name}: is not configured any more; ${fate}`);
      await keeper.shutDown();
      keepers.delete(name);
      await journal.remove(name);
    }
    for (const agent of startOrder(agents)) {
      const before = keepers.get(agent.name);
      if (before && JSON.stringify(before.agent) === JSON.stringify(agent)) continue;
      await this.#configure(agent, before ?? null);
    }
    this.#onDecided();
  }

  /** The same way as after a restart of the supervisor: let go with everything written down, and taken over. */
  async #configure(agent: SupervisedAgent, before: Keeper | null): Promise<void> {
    const { keepers, openKeeper, supervisorId } = this.#open;
    const staysDown = before?.isToStayDown === true;
    // What runs it from now on knows nothing of its process.
    const isMoved = before !== null && isProcess(before.agent) && !isProcess(agent);
    await (isMoved ? before.shutDown() : before?.close());
    const found = before ? findRuns(supervisorId).filter((run) => run.agent === agent.name) : [];
    const keeper = await openKeeper(agent, { entry: before?.entry ?? null, found });
    keepers.set(agent.name, keeper);
    await keeper.begin({ asked: false });
    if (before === null) return;
    if (madeOf(before.agent) === madeOf(agent) || staysDown) {
      this.#options.log(`${agent.name}: its new settings hold from now on`);
    } else await keeper.command(isMoved ? "start" : "restart", "the changed configuration");
  }

  stop({ agents }: { readonly agents: "stop" | "leave" }): Promise<void> {
    if (this.#stopping) {
      if (agents === "stop") for (const keeper of this.#open.keepers.values()) void keeper.shutDown();
      return this.#stopping;
    }
    this.#stopping = this.#close(agents);
    return this.#stopping;
  }

  async #close(how: "stop" | "leave"): Promise<void> {
    await this.#reloading;
    const { keepers, watch, receiver, link, spool, relay, fallback, serverOutage, journal } = this.#open;
    const all = [...keepers.values()];
    // The receiver stays until the agents are gone: they announce their end to it.
    const agents = all.map(({ agent }) => agent);
    for (const group of how === "stop" ? stopOrder(agents) : [agents]) {
      const closing = group.flatMap(({ name }) => keepers.get(name) ?? []);
      await Promise.all(closing.map((keeper) => (how === "stop" ? keeper.shutDown() : keeper.close())));
    }
    watch.close();
    await receiver.close();
    relay.close();
    await link?.close({ flush: true });
    serverOutage?.close();
    await fallback.close();
    await Promise.all(all.map((keeper) => keeper.saveIfNeeded()));
    await spool?.close();
    await journal.settled();
    await this.#release();
    this.#ended.resolve(all.flatMap(({ end }) => end ?? []));
  }

  get #open(): Parts {
    invariant(this.#parts, "a supervisor is handed out only once it has begun");
    return this.#parts;
  }
}

/** Its process is ended for the platform that runs it from now on, which is no fault of the agent. */
function withoutProcess(entry: JournalEntry | null): JournalEntry | null {
  return entry && { ...entry, run: null, start: null, stop: null, resume: entry.stop === null };
}

function isProcess({ target }: SupervisedAgent): boolean {
  return target.platform === "process";
}

/** What a running agent is made of: a change here shows only in a new run. */
function madeOf({ target, cwd, env, state }: SupervisedAgent): string {
  return JSON.stringify({ target, cwd, env, state });
}

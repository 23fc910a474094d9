// Puts the parts of one supervisor together. Nothing runs yet when this is done but the receiver, which has to listen before
// the first agent is told where.

import { hostname } from "node:os";
import { join } from "node:path";
import type { DurationMs } from "@midwatch/core";
import type { Command, CommandOutcome } from "@midwatch/protocol";
import { SteadyTime, systemClock } from "./clock.ts";
import { makeFolder } from "./durable-file.ts";
import { SupervisorError } from "./failure.ts";
import { Fallback } from "./fallback/fallback.ts";
import { ServerOutage } from "./fallback/server-outage.ts";
import type { JournalEntry } from "./journal/entry.ts";
import { Journal } from "./journal/journal.ts";
import type { Keeper } from "./keeper/keeper.ts";
import type { ReceivedBeat } from "./keeper/received-beat.ts";
import { Link } from "./link/link.ts";
import { ServerClient } from "./link/server-client.ts";
import { agentFolders, keeperOpener, type OpenKeeper } from "./open-keeper.ts";
import { OutOfMemoryWatch } from "./process/out-of-memory.ts";
import { readAddress, writeAddress } from "./receiver/address.ts";
import { Receiver, type ReceiverOptions } from "./receiver/receiver.ts";
import { notStored, unknownAgent } from "./receiver/refusal.ts";
import type { Reply } from "./receiver/reply.ts";
import type { SupervisorOptions } from "./running-supervisor.ts";
import { noRelay, SpoolRelay, type Relay } from "./spool/relay.ts";
import { Spool } from "./spool/spool.ts";
import { wireSettingsOf } from "./supervised-agent.ts";
import { Watch } from "./watch.ts";

/** About three million beats. */
const spoolBytes = 256 * 2 ** 20;
const segmentBytes = 2 ** 20;
/** The server takes a supervisor that has not called for 30 s for lost. */
const longestPollMs: DurationMs = 20_000;
/** A run that has just begun may beat past this supervisor. */
const firstBeatPollMs: DurationMs = 2_000;

export interface Parts {
  readonly supervisorId: string;
  readonly journal: Journal;
  readonly relay: Relay;
  readonly fallback: Fallback;
  /** What was written down of every agent by the last life. */
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** Those that are kept now, by name. */
  readonly keepers: Map<string, Keeper>;
  readonly openKeeper: OpenKeeper;
  readonly receiver: Receiver;
  readonly spool: Spool | null;
  readonly link: Link | null;
  /** Null where there is no server, or it is kept here: then its own incidents tell of it. */
  readonly serverOutage: ServerOutage | null;
  readonly watch: Watch;
  readonly now: () => number;
}

export async function assemble(
  options: SupervisorOptions,
  own: {
    readonly supervisorId: string;
    readonly onDecided: () => void;
    readonly onCommand: (command: Command) => Promise<CommandOutcome>;
  },
): Promise<Parts> {
  const { folder, server, log, clock = systemClock } = options;
  const { supervisorId } = own;
  for (const name of agentFolders) await makeFolder(join(folder, name));
  const journal = await Journal.open(join(folder, "journal"));
  const { entries, damaged } = await journal.load();
  for (const path of damaged) {
    log(
      `a damaged journal was put aside as ${path}. Its agent begins with new restart counters; if it still runs, it is taken over.`,
    );
  }
  const time = new SteadyTime(clock, Math.max(0, ...[...entries.values()].map(({ at }) => at)));
  const now = (): number => time.now();
  const spool =
    server && (await Spool.open({ folder: join(folder, "spool"), maxBytes: spoolBytes, segmentBytes, onDropped: log }));
  const relay = spool ? new SpoolRelay(spool, clock, log) : noRelay;
  const keepers = new Map<string, Keeper>();
  const receiver = await listen(folder, log, {
    now,
    receive: (received) =>
      receive(received, { keeper: keepers.get(received.beat.agent), relay, hasServer: server !== null }),
  });
  // The link needs the keepers, and they need the notifications, which need the link.
  let link: Link | null = null;
  const fallback = new Fallback({
    notifier: options.notifier,
    clock,
    serverHas: (fact) => spool !== null && spool.acknowledged >= fact,
    serverReachable: () => link?.isReachable ?? false,
    onDone: (notice) => keepers.get(notice.agent)?.delivered(notice),
    log,
  });
  const outOfMemory = new OutOfMemoryWatch();
  const openKeeper = keeperOpener({
    supervisorId,
    folder,
    receiver: { url: `http://127.0.0.1:${receiver.port}`, key: receiver.key },
    environmentFor: options.environmentFor ?? (() => ({ variables: {}, remarks: [] })),
    journal,
    relay,
    fallback,
    outOfMemory,
    now,
    onOutput: options.onOutput ?? null,
    hasServer: server !== null,
    serverHeardAt: () => link?.heardAt ?? null,
    notYetUp: (names) => names.filter((name) => keepers.get(name)?.isRising === true),
    onDecided: own.onDecided,
    log,
  });
  const keepsServer = options.agents.some(({ isReported }) => !isReported);
  const serverOutage =
    server && !keepsServer
      ? new ServerOutage({
          ...{ clock, now, host: options.host ?? hostname() },
          isReachable: () => link?.isReachable ?? true,
          tell: (notice) => fallback.add(notice),
        })
      : null;
  if (server && spool) {
    const client = new ServerClient(server, supervisorId);
    const onChange = (): void => {
      fallback.serverChanged();
      serverOutage?.changed();
    };
    link = linkTo({ client, spool, keepers, onChange, now, options, onCommand: own.onCommand });
  }
  const showsOutput = options.onOutput !== undefined;
  const watch = new Watch({ clock, time, keepers: () => keepers.values(), outOfMemory, showsOutput, log });
  return {
    ...{ supervisorId, journal, relay, fallback, entries, keepers, openKeeper, receiver, spool, link },
    ...{ serverOutage, watch, now },
  };
}

/** Listens where the last life did, since agents that it left running beat there. */
async function listen(
  folder: string,
  log: (line: string) => void,
  options: Omit<ReceiverOptions, "address">,
): Promise<Receiver> {
  const address = await readAddress(folder);
  const receiver = await Receiver.open({ ...options, address }).catch((error: unknown) => {
    if (!(error instanceof SupervisorError) || address.port === 0) throw error;
    log(
      `${error.message}. Another one is used; agents that were left running are restarted, because they cannot be told.`,
    );
    return Receiver.open({ ...options, address: { ...address, port: 0 } });
  });
  try {
    await writeAddress(folder, { port: receiver.port, key: receiver.key });
  } catch (error) {
    await receiver.close();
    throw error;
  }
  return receiver;
}

async function receive(
  received: ReceivedBeat,
  to: { readonly keeper: Keeper | undefined; readonly relay: Relay; readonly hasServer: boolean },
): Promise<Reply> {
  const { beat, body, at } = received;
  try {
    if (to.keeper) return { ok: true, answer: await to.keeper.beat(received) };
    // Not kept here; whether it is known is the server's to say, and it says so to people.
    if (!to.hasServer) return { ok: false, refusal: unknownAgent(beat.agent) };
    await to.relay.beat(body, at);
  } catch (error) {
    if (error instanceof SupervisorError) return { ok: false, refusal: notStored };
    throw error;
  }
  const nothing = { reason: null, next_beat_by: null, warning: null };
  return {
    ok: true,
    answer: { ok: true, agent: beat.agent, agent_id: 0, state: "up", directive: "continue", ...nothing },
  };
}

function linkTo(given: {
  readonly client: ServerClient;
  readonly spool: Spool;
  readonly keepers: ReadonlyMap<string, Keeper>;
  readonly onChange: () => void;
  readonly now: () => number;
  readonly options: SupervisorOptions;
  readonly onCommand: (command: Command) => Promise<CommandOutcome>;
}): Link {
  const { client, spool, keepers, onChange, now, options, onCommand } = given;
  const reported = (): Keeper[] => [...keepers.values()].filter(({ agent }) => agent.isReported);
  return new Link({
    client,
    spool,
    host: options.host ?? hostname(),
    agents: () => reported().map(({ agent }) => ({ name: agent.name, settings: wireSettingsOf(agent) })),
    now,
    pollMs: () => pollFor(reported()),
    onWords: (words) => {
      for (const word of words) void keepers.get(word.name)?.hear(word);
    },
    onAgentIds: (ids) => {
      for (const [name, id] of ids) keepers.get(name)?.knownAs(id);
    },
    onCommand,
    onChange,
    log: options.log,
  });
}

/** Where agents beat past the supervisor, the server's word is its only sign of life: it is asked for in time. */
function pollFor(keepers: readonly Keeper[]): DurationMs {
  const direct = keepers.filter(({ beatsDirectly }) => beatsDirectly).map(({ intervalMs }) => intervalMs / 2);
  const first = keepers.some(({ awaitsFirstBeat }) => awaitsFirstBeat) ? [firstBeatPollMs] : [];
  return Math.min(longestPollMs, ...direct, ...first);
}

// The SQLite engine: the interface on one side, one small file per table on the other. Every method is one synchronous
// call, answered as a promise.

import type { Store } from "../store.ts";
import type { AgentTable } from "./agents.ts";
import { readBeats, readHours, readRecentBeats, settle, tailIsFull } from "./beats.ts";
import { readCalls, readCountedTraces, readModelHours, readModelSums } from "./calls.ts";
import {
  deliverCommands,
  hasUnfinishedCommands,
  readCommand,
  readCommands,
  readStaleCommands,
  spoolUpto,
} from "./commands.ts";
import type { Connection } from "./connection.ts";
import { addNotice, deskRows, readNoticeLag, workDesk } from "./desk.ts";
import { readEvidence } from "./evidence.ts";
import { claimFact, factsWith, putFact, readFact } from "./facts.ts";
import { fold } from "./fold.ts";
import { lastHistoryId, readHistory } from "./history.ts";
import { readIncident, readIncidents } from "./incidents.ts";
import { addKey, readKeys, revokeKey } from "./keys.ts";
import { addDraft, claimDue, finish, readAttempts, readLag, readOutbox } from "./outbox.ts";
import { prune } from "./prune.ts";
import { addSilence, endSilence, readSilences } from "./silences.ts";
import { readDueHeld, readHeld, readSeries } from "./telemetry.ts";
import { finishLink, readUsedLink, takeLink } from "./used-links.ts";

export function sqliteStore(db: Connection, agents: AgentTable): Store {
  return {
    ...foldStore(db, agents),
    ...agentStore(db, agents),
    ...outboxStore(db),
    ...deskStore(db),
    ...watcherStore(db),
    ...telemetryStore(db),
  };
}

function foldStore(db: Connection, agents: AgentTable): Pick<Store, "fold" | "prune" | "close"> {
  function settleFullTail(): void {
    try {
      if (tailIsFull(db)) db.transaction(() => settle(db));
    } catch {
      // The fold before is durable and must not be reported as failed. The tail is a good home meanwhile; the
      // next fold tries again, and what lasts is said by `prune`, which settles as well.
    }
  }

  return {
    fold: (names, decide) =>
      db.perform(() => {
        const folded = db.transaction(() => {
          agents.refresh();
          return fold(db, agents, names, decide);
        });
        agents.remember(folded.agents);
        settleFullTail();
        return folded.written;
      }),
    prune: (before, limit) => db.perform(() => db.transaction(() => prune(db, before, limit))),
    close: () => Promise.try(() => db.close()),
  };
}

type AgentReads =
  | "agent"
  | "agents"
  | "agentCount"
  | "dueAgents"
  | "beats"
  | "recentBeats"
  | "history"
  | "incidents"
  | "incident"
  | "evidence"
  | "hours"
  | "calls"
  | "modelHours"
  | "modelSums"
  | "countedTraces"
  | "lastEventId";

function agentStore(db: Connection, agents: AgentTable): Pick<Store, AgentReads> {
  const load = (name: string) => {
    agents.refresh();
    return agents.load(name);
  };
  /** An agent that does not exist has no rows, which an id of no agent says, too. */
  const idOf = (name: string): number => load(name)?.row.id ?? -1;

  return {
    agent: (name) => db.perform(() => load(name)?.row ?? null),
    agents: (query) =>
      db.perform(() => {
        agents.refresh();
        return agents.page(query);
      }),
    agentCount: () => db.perform(() => agents.count()),
    dueAgents: (now, limit) => db.perform(() => agents.due(now, limit)),
    beats: (agent, query) => db.perform(() => readBeats(db, idOf(agent), query)),
    recentBeats: (names, limit) =>
      db.perform(() => {
        const ids = new Map(names.map((name) => [name, idOf(name)]));
        const beats = readRecentBeats(db, [...ids.values()], limit);
        return new Map(Array.from(ids, ([name, id]) => [name, beats.get(id) ?? []]));
      }),
    history: (agent, query) => db.perform(() => readHistory(db, agent === null ? null : idOf(agent), query)),
    incidents: (query) =>
      db.perform(() => readIncidents(db, query.agent === undefined ? null : idOf(query.agent), query)),
    incident: (id) => db.perform(() => readIncident(db, id)),
    evidence: (id) => db.perform(() => readEvidence(db, id)),
    hours: ({ agents, from, to }) => db.perform(() => readHours(db, agents?.map(idOf) ?? null, from, to)),
    calls: (agent, query) => db.perform(() => readCalls(db, { id: idOf(agent), name: agent }, query)),
    modelHours: ({ agent, from, to }) =>
      db.perform(() => readModelHours(db, agent === undefined ? null : idOf(agent), from, to)),
    modelSums: ({ agent, from, to }) =>
      db.perform(() => readModelSums(db, agent === undefined ? null : idOf(agent), from, to)),
    countedTraces: (traces) => db.perform(() => readCountedTraces(db, traces)),
    lastEventId: () => db.perform(() => lastHistoryId(db)),
  };
}

function outboxStore(
  db: Connection,
): Pick<Store, "claimOutbox" | "finishOutbox" | "addOutbox" | "outbox" | "outboxLag" | "attempts"> {
  return {
    claimOutbox: (query) => db.perform(() => claimDue(db, query)),
    finishOutbox: (id, outcome) => db.perform(() => finish(db, id, outcome)),
    addOutbox: (drafts) =>
      db.perform(() =>
        db.transaction(() => {
          for (const draft of drafts) addDraft(db, draft);
        }),
      ),
    outbox: (query) => db.perform(() => readOutbox(db, query)),
    outboxLag: (now) => db.perform(() => readLag(db, now)),
    attempts: (ids) => db.perform(() => readAttempts(db, ids)),
  };
}

type DeskCalls = "addNotices" | "noticeLag" | "desk" | "deskRows" | "addSilence" | "endSilence" | "silences";

function deskStore(db: Connection): Pick<Store, DeskCalls> {
  return {
    addNotices: (drafts) =>
      db.perform(() =>
        db.transaction(() => {
          for (const draft of drafts) addNotice(db, draft);
        }),
      ),
    noticeLag: (now) => db.perform(() => readNoticeLag(db, now)),
    desk: (query, decide) => db.perform(() => workDesk(db, query, decide)),
    deskRows: (prefix, limit) => db.perform(() => deskRows(db, prefix, limit)),
    addSilence: (draft) => db.perform(() => addSilence(db, draft)),
    endSilence: (id, end) => db.perform(() => endSilence(db, id, end)),
    silences: (after, limit) => db.perform(() => readSilences(db, after, limit)),
  };
}

type WatcherCalls =
  | "takeLink"
  | "finishLink"
  | "usedLink"
  | "commandsFor"
  | "command"
  | "commands"
  | "staleCommands"
  | "spoolUpto"
  | "keys"
  | "addKey"
  | "revokeKey"
  | "fact"
  | "putFact"
  | "claimFact"
  | "factsWith";

function watcherStore(db: Connection): Pick<Store, WatcherCalls> {
  return {
    commandsFor: (supervisor) =>
      db.perform(() =>
        // Supervisors ask all the time and mostly for nothing, which costs no write.
        hasUnfinishedCommands(db, supervisor) ? db.transaction(() => deliverCommands(db, supervisor)) : [],
      ),
    command: (id) => db.perform(() => readCommand(db, id)),
    commands: (agent, query) => db.perform(() => readCommands(db, agent, query)),
    staleCommands: (before, limit) => db.perform(() => readStaleCommands(db, before, limit)),
    spoolUpto: (supervisor, spool) => db.perform(() => spoolUpto(db, supervisor, spool)),
    takeLink: (id, taken) => db.perform(() => takeLink(db, id, taken)),
    finishLink: (id, outcome) => db.perform(() => finishLink(db, id, outcome)),
    usedLink: (id) => db.perform(() => readUsedLink(db, id)),
    keys: () => db.perform(() => readKeys(db)),
    addKey: (key) => db.perform(() => addKey(db, key)),
    revokeKey: (id, at) => db.perform(() => revokeKey(db, id, at)),
    fact: (key) => db.perform(() => readFact(db, key)),
    putFact: (key, value) => db.perform(() => putFact(db, key, value)),
    claimFact: (key, value) => db.perform(() => claimFact(db, key, value)),
    factsWith: (prefix) => db.perform(() => factsWith(db, prefix)),
  };
}

function telemetryStore(db: Connection): Pick<Store, "series" | "heldCalls" | "dueHeldCalls"> {
  return {
    series: (keys) => db.perform(() => readSeries(db, keys)),
    heldCalls: (traces) => db.perform(() => readHeld(db, traces)),
    dueHeldCalls: (now, limit) => db.perform(() => readDueHeld(db, now, limit)),
  };
}

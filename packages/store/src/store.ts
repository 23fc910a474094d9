import type {
  AgentState,
  BeatStatus,
  CallSource,
  CallTokens,
  DurationMs,
  EvidenceNote,
  HistoryEntry,
  Incident,
  IncidentKind,
  MeteredCall,
  Ms,
  PricedCall,
  ResolvedBy,
  Severity,
  Usage,
} from "@midwatch/core";
import type {
  OutboxDraft,
  NoticeDraft,
  DeskRow,
  DeskWork,
  DeskWrites,
  SilenceDraft,
  SilenceRow,
  OutboxRow,
  Attempt,
  DeliveryOutcome,
  OutboxLag,
  UsedLink,
} from "./alert-rows.ts";

export type * from "./alert-rows.ts";

/** An agent's row: its folded state and what belongs to the row rather than to the rules. */
export interface AgentRow {
  readonly id: number;
  readonly name: string;
  readonly state: AgentState;
  /** Settings set by an operator (PATCH) or by the agent's supervisor: a partial, as JSON-able data; the server merges them. */
  readonly overrides: AgentOverrides;
  /** Set by `forget`: no alerts, not listed, ledger kept; a new beat brings it back. */
  readonly forgottenAt: Ms | null;
}

export interface AgentOverrides {
  readonly operator: Readonly<Record<string, unknown>>;
  readonly supervisor: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
}

/** One beat as it is kept. */
export interface BeatRecord {
  readonly at: Ms;
  readonly ts: Ms | null;
  /** `metered`: no beat, but a minute in which calls were metered of an agent that never beats. */
  readonly status: BeatStatus | "metered";
  readonly runId: string | null;
  readonly seq: number | null;
  readonly cycle: number | null;
  readonly cycleKind: string | null;
  readonly cycleMs: DurationMs | null;
  /** Counted of this beat itself. */
  readonly tokens: number;
  /** Of the cycle that it ended, with what was metered from outside in it; null where it ended none, and in rows of an older Midwatch. */
  readonly cycleTokens: number | null;
  /** Null is unpriced. */
  readonly costUsdMicros: number | null;
  /** What the cycle was compared with; null during warm-up or when the beat closed no cycle. */
  readonly baseline: number | null;
  /** Counted in the ledger but older than what was processed: changed no state. */
  readonly late: boolean;
  readonly message: string | null;
  /** Resident memory of the agent's process; null when it did not tell. */
  readonly memoryBytes: number | null;
}

export interface AgentWrite {
  readonly name: string;
  readonly state: AgentState;
  /** `nextDeadline(state)`: the engine keeps the stored deadline when the new one is later (the sweeper moves it). */
  readonly deadline: Ms | null;
  /** True from the sweeper: store `deadline` as it is. */
  readonly moveDeadline: boolean;
  readonly overrides?: AgentOverrides;
  readonly forgottenAt?: Ms | null;
  readonly beats: readonly BeatRecord[];
  /** None of them is in the store yet. */
  readonly calls?: readonly CallRecord[];
  /** Usage that beats told, by model, for the sums per hour. */
  readonly usage?: readonly UsageRecord[];
  readonly history: readonly HistoryEntry[];
  /** In order. */
  readonly incidents: readonly IncidentWrite[];
  readonly evidence?: readonly EvidenceDraft[];
}

/** What a run was doing when it hung or ended. The newest of each agent are kept: at most 50, and at most 20 MiB. */
export interface EvidenceDraft extends EvidenceNote {
  /** The same key is never written twice. */
  readonly key: string;
  readonly at: Ms;
  /** In the order in which a person should read them. */
  readonly items: readonly { readonly name: string; readonly text: string }[];
}

export type IncidentWrite =
  | { readonly do: "open"; readonly incident: Incident }
  | { readonly do: "update"; readonly incident: Incident }
  | {
      readonly do: "resolve";
      readonly kind: IncidentKind;
      readonly incident: Incident;
      readonly at: Ms;
      readonly by: ResolvedBy;
    };

/** One metered call as it is kept. */
export interface CallRecord extends PricedCall {
  /** False: another source tells of the same calls, so this one is kept to compare and adds to nothing. */
  readonly counted: boolean;
}

/** What a beat told of one model. */
export interface UsageRecord {
  readonly at: Ms;
  readonly usage: Usage;
  readonly costUsdMicros: number | null;
  readonly counted: boolean;
}

/** A call as it is handed out. */
export interface StoredCall extends CallRecord {
  readonly agent: string;
}

/** What was used of one model in one UTC hour, by source. */
export interface ModelHourRow extends CallTokens {
  readonly agent: string;
  readonly hour: Ms;
  readonly provider: string | null;
  readonly model: string | null;
  readonly source: CallSource | "beat";
  readonly counted: boolean;
  readonly calls: number;
  readonly costUsdMicros: number;
  /** Tokens of calls without a price. */
  readonly unpricedTokens: number;
}

/** What was used of one model in a span, of what counts. */
export interface ModelSum {
  readonly agent: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number;
  /** Input and output; what was cached or reasoned is in them. */
  readonly tokens: number;
  readonly costUsdMicros: number;
  readonly unpricedTokens: number;
}

/** Where a cumulative metric stood when it was last told. */
export interface SeriesPoint {
  /** A digest of resource, scope, metric and attributes. */
  readonly key: string;
  /** When the series began, as its sender says: another start is another life of the sender. */
  readonly startedAt: Ms;
  /** The sender's time of this value. */
  readonly at: Ms;
  readonly value: number;
}

/** Usage of a span that may turn out to be the sum of its children: kept back until `dueAt`. */
export interface HeldCall {
  readonly agent: string;
  readonly trace: string;
  readonly span: string;
  readonly parent: string | null;
  readonly dueAt: Ms;
  readonly call: MeteredCall;
}

/** What the receiver of telemetry remembers, written with the calls it counted. */
export interface TelemetryWrites {
  readonly series: readonly SeriesPoint[];
  /** The same span of a trace again takes the place of the first. */
  readonly hold: readonly HeldCall[];
  readonly release: readonly { readonly trace: string; readonly span: string }[];
}

export interface Writes {
  readonly agents: readonly AgentWrite[];
  /** Called once after agents and incidents were written, with their ids, still inside the transaction. */
  readonly notices: (ids: WrittenIds) => readonly NoticeDraft[];
  readonly telemetry?: TelemetryWrites;
  /** Small facts of the watcher, written with the decision. */
  readonly facts?: readonly { readonly key: string; readonly value: string }[];
  /** Commands for supervisors, written with the decision. */
  readonly commands?: readonly CommandDraft[];
  /** What became of commands. The first outcome stays; only one that is `expired` gives way to what a supervisor says. */
  readonly outcomes?: readonly CommandOutcome[];
  /** Highest spool item per supervisor now durable, at this time. */
  readonly spools?: readonly {
    readonly supervisor: string;
    readonly spool: string;
    readonly upto: number;
    readonly at: Ms;
  }[];
}

/** Which calls are in the store already; asked inside the transaction. */
export interface KnownCalls {
  has(agent: string, key: string): boolean;
}

export interface WrittenIds {
  agentId(name: string): number;
  /** The row of the open incident, or of the one resolved in this write. */
  incidentId(name: string, kind: IncidentKind): number;
}

/** What was written, for live views: every history line and incident with its id. */
export interface Written {
  readonly agentIds: ReadonlyMap<string, number>;
  readonly history: readonly StoredEvent[];
  readonly incidents: readonly StoredIncident[];
}

export interface StoredEvent extends HistoryEntry {
  readonly id: number;
  readonly agent: string;
}

export interface StoredIncident {
  readonly id: number;
  readonly agent: string;
  readonly incident: Incident;
  readonly resolvedAt: Ms | null;
  readonly resolvedBy: ResolvedBy | null;
  /** What was taken of its runs meanwhile, oldest first. */
  readonly evidence: readonly EvidenceLine[];
}

/** A piece of evidence without its items. */
export interface EvidenceLine extends EvidenceNote {
  readonly id: number;
  readonly at: Ms;
}

export interface StoredEvidence extends EvidenceLine {
  readonly agent: string;
  readonly items: EvidenceDraft["items"];
}

export interface StoredBeat extends BeatRecord {
  readonly id: number;
}

export interface CommandDraft {
  readonly id: string;
  /** Null when it needs no supervisor: then it is done as soon as it is written. */
  readonly supervisor: string | null;
  readonly agent: string;
  readonly command: string;
  /** The agents that come after it are meant, too. */
  readonly dependents: boolean;
  readonly by: string;
  /** The key or session that asked; `by` is the name it gave. Null in rows of an older Midwatch. */
  readonly askedWith: string | null;
  readonly at: Ms;
}

export interface CommandRow extends CommandDraft {
  /** `expired`: no outcome came in time. */
  readonly state: "waiting" | "delivered" | "done" | "failed" | "expired";
  readonly message: string | null;
  readonly finishedAt: Ms | null;
}

export interface CommandOutcome {
  readonly id: string;
  readonly state: "done" | "failed" | "expired";
  readonly message: string;
  readonly at: Ms;
}

export interface KeyRow {
  readonly id: number;
  /** SHA-256 of the key, hex. The key itself is shown once and never stored. */
  readonly hash: string;
  /** First characters of the key, to tell keys apart in lists. */
  readonly prefix: string;
  readonly scope: "ingest" | "read" | "admin";
  /** Glob of agent names this key may speak for; null is all. */
  readonly agentGlob: string | null;
  readonly label: string;
  readonly createdAt: Ms;
  readonly revokedAt: Ms | null;
}

/** Per agent and UTC hour, rolled up from beats. */
export interface HourRow {
  readonly agent: string;
  readonly hour: Ms;
  readonly beats: number;
  /** Cycles that used tokens. */
  readonly cycles: number;
  readonly tokens: number;
  readonly maxCycleTokens: number;
  readonly costUsdMicros: number;
  /** Beats that used tokens and have no price. */
  readonly unpricedBeats: number;
  /** Cycles that told how long they took. */
  readonly timedCycles: number;
  /** How long these took together. */
  readonly cycleMs: DurationMs;
  /** Null when no beat told. */
  readonly maxMemoryBytes: number | null;
  /** Mean of the baselines that cycles were compared with; null when none was. */
  readonly baseline: number | null;
}

export interface PageQuery {
  readonly limit: number;
  /** Opaque; from the previous page. */
  readonly cursor: string | null;
}

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/**
 * What Midwatch remembers. Every engine passes `testing/contract.ts`. Methods reject with `StoreError`, whose `code` says
 * what is wrong and whose `retryable` says whether to try again; after a rejection nothing of the call is stored. What a
 * `decide` throws comes back as it is. Paged calls reject with the code `bad-cursor` what no page of theirs handed out.
 */
export interface Store {
  /**
   * The only way agents change: locks the named rows in one order, hands them to the pure `decide` (absent rows are
   * not in the map), and writes what it returns, all in one transaction that is durable when the promise resolves. `decide` may run
   * again if the engine has to retry.
   */
  fold(
    names: readonly string[],
    decide: (rows: ReadonlyMap<string, AgentRow>, known: KnownCalls) => Writes,
  ): Promise<Written>;

  agent(name: string): Promise<AgentRow | null>;
  /** By name, forgotten ones left out. */
  agents(query: PageQuery & { readonly tag?: string }): Promise<PageOf<AgentRow>>;
  agentCount(): Promise<number>;
  /** Agents whose stored deadline is at or before `now`, earliest first. Forgotten ones never are. */
  dueAgents(now: Ms, limit: number): Promise<readonly string[]>;

  /** Newest first. Here and below `from` is included and `to` is not. */
  beats(agent: string, query: PageQuery & { readonly from?: Ms; readonly to?: Ms }): Promise<PageOf<StoredBeat>>;
  /** The last `limit` beats of each agent, oldest first. */
  recentBeats(agents: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly StoredBeat[]>>;
  /** Newest first; all agents when `agent` is null. */
  history(
    agent: string | null,
    query: PageQuery & { readonly from?: Ms; readonly to?: Ms; readonly kinds?: readonly string[] },
  ): Promise<PageOf<StoredEvent>>;
  /** Newest first. */
  incidents(
    query: PageQuery & {
      readonly agent?: string;
      readonly open?: boolean;
      /** Overlapping this span: begun before `to`, and open or resolved at `from` or later. */
      readonly from?: Ms;
      readonly to?: Ms;
      readonly severity?: Severity;
    },
  ): Promise<PageOf<StoredIncident>>;
  incident(id: number): Promise<StoredIncident | null>;
  evidence(id: number): Promise<StoredEvidence | null>;
  /** Hours that begin in the span, by agent and hour. Every durable beat is in them. */
  hours(query: {
    readonly agents?: readonly string[];
    readonly from: Ms;
    readonly to: Ms;
  }): Promise<readonly HourRow[]>;

  /**
   * Claims up to `limit` due rows until `leaseUntil`, and returns them oldest first. None is claimed while an older row of the
   * same agent and channel is unfinished; when there are more, those that have been due longest are taken.
   */
  claimOutbox(query: {
    readonly now: Ms;
    readonly leaseUntil: Ms;
    readonly limit: number;
    readonly excludeChannels?: readonly string[];
  }): Promise<readonly OutboxRow[]>;
  /** Writes the try down, too. Nothing happens unless the row is still claimed. */
  finishOutbox(id: number, outcome: DeliveryOutcome): Promise<void>;
  addOutbox(drafts: readonly OutboxDraft[]): Promise<void>;
  /** Newest first. `agent` and `thread` narrow it down. */
  outbox(
    query: PageQuery & {
      readonly state?: OutboxRow["state"];
      readonly channel?: string;
      readonly agent?: string;
      readonly thread?: string;
    },
  ): Promise<PageOf<OutboxRow>>;
  /** The tries of these rows, oldest first. */
  attempts(ids: readonly number[]): Promise<ReadonlyMap<number, readonly Attempt[]>>;
  /** By channel; one with nothing to deliver and nothing given up is missing. */
  outboxLag(now: Ms): Promise<ReadonlyMap<string, OutboxLag>>;

  addNotices(drafts: readonly NoticeDraft[]): Promise<void>;
  /** Notices that wait to be routed, and the age of the oldest. */
  noticeLag(now: Ms): Promise<{ readonly waiting: number; readonly oldestMs: DurationMs }>;
  /**
   * Hands waiting notices and due rows to the pure `decide` and writes what it returns, in one transaction, with which the
   * notices are gone. True when there may be more. Without any work `decide` is not called.
   */
  desk(query: { readonly now: Ms; readonly limit: number }, decide: (work: DeskWork) => DeskWrites): Promise<boolean>;
  /** What the desk remembers under keys that begin so, at most `limit`, by key. */
  deskRows(prefix: string, limit: number): Promise<readonly DeskRow[]>;

  addSilence(draft: SilenceDraft): Promise<SilenceRow>;
  /** False when there is none that lasts. */
  endSilence(id: number, end: { readonly at: Ms; readonly by: string }): Promise<boolean>;
  /** Silences that end after this moment, oldest first. */
  silences(after: Ms, limit: number): Promise<readonly SilenceRow[]>;

  /**
   * Takes a link that acts once; true when the caller is to do it now. One that somebody took before `abandonedBefore` and never
   * finished is free again.
   */
  takeLink(id: string, taken: { readonly at: Ms; readonly by: string; readonly abandonedBefore: Ms }): Promise<boolean>;
  /** What came of it; null when nothing was done, so that it may be taken again. */
  finishLink(id: string, outcome: string | null): Promise<void>;
  usedLink(id: string): Promise<UsedLink | null>;

  commandsFor(supervisor: string): Promise<readonly CommandRow[]>;
  command(id: string): Promise<CommandRow | null>;
  /** What was asked for an agent, newest first. */
  commands(agent: string, query: PageQuery): Promise<PageOf<CommandRow>>;
  /** Commands without an outcome that were asked for before `before`, oldest first. */
  staleCommands(before: Ms, limit: number): Promise<readonly CommandRow[]>;
  spoolUpto(supervisor: string, spool: string): Promise<number>;

  keys(): Promise<readonly KeyRow[]>;
  addKey(key: Omit<KeyRow, "id" | "revokedAt">): Promise<KeyRow>;
  revokeKey(id: number, at: Ms): Promise<void>;

  /** Metered calls of an agent, newest first. */
  calls(agent: string, query: PageQuery & { readonly from?: Ms; readonly to?: Ms }): Promise<PageOf<StoredCall>>;
  /** Hours that begin in the span, by agent, hour and model. */
  modelHours(query: { readonly agent?: string; readonly from: Ms; readonly to: Ms }): Promise<readonly ModelHourRow[]>;
  /** The same added up over the hours that begin in the span, by agent and model. */
  modelSums(query: { readonly agent?: string; readonly from: Ms; readonly to: Ms }): Promise<readonly ModelSum[]>;

  /** Of these traces, those in which a call that counts was told. */
  countedTraces(traces: readonly string[]): Promise<ReadonlySet<string>>;

  /** Where these series stood; unknown ones are missing. */
  series(keys: readonly string[]): Promise<ReadonlyMap<string, SeriesPoint>>;
  /** Held calls of these traces. */
  heldCalls(traces: readonly string[]): Promise<readonly HeldCall[]>;
  /** Held calls that are due, earliest first. */
  dueHeldCalls(now: Ms, limit: number): Promise<readonly HeldCall[]>;

  /** Small facts of the watcher itself: its last sight, gaps in it, sent reports, sign-in links, the health of channels. */
  fact(key: string): Promise<string | null>;
  putFact(key: string, value: string): Promise<void>;
  /** Stores a value only if there is none yet; true when it was stored. For "exactly once". */
  claimFact(key: string, value: string): Promise<boolean>;
  factsWith(prefix: string): Promise<readonly { readonly key: string; readonly value: string }[]>;

  /**
   * Deletes what is older than kept: evidence goes with the incidents, used links, commands that are over and spools that have not moved
   * with the history, series of telemetry with the beats, and facts whose keys lie in `facts`. At most `limit` rows a call, true when
   * there is more.
   */
  prune(
    before: {
      readonly beats: Ms;
      readonly history: Ms;
      readonly incidents: Ms;
      readonly outbox: Ms;
      /** From a key up to, not including, another. */
      readonly facts?: readonly { readonly from: string; readonly to: string }[];
    },
    limit: number,
  ): Promise<boolean>;
  /** Highest event id, for resuming a stream. */
  lastEventId(): Promise<number>;
  close(): Promise<void>;
}

// Keeps the picture of the fleet live. The stream brings changes; lists are loaded whenever the stream (re)opens, when
// the server says `resync`, and after the machine slept, because a change may have passed unheard. Messages that arrive
// while lists are loading wait and are applied on top. When nothing was heard for a while the lists are asked for as a
// probe: an answer proves that the fleet is merely quiet, no answer makes the page say that it is stale.

import { computed, signal } from "@preact/signals";
import { api, session } from "./api.ts";
import type { AgentView, StreamMessage } from "./api-types.ts";
import { byAttention } from "./attention.ts";
import { setServerTime, startClock } from "./clock.ts";
import { applyMessages, fleetOf, maxAgents, type Fleet } from "./fleet.ts";

const streamBeats = 40;
/** Messages are applied together this often, so that a storm of beats costs one repaint. */
const flushMs = 100;
const probeAfterMs = 10_000;
const staleAfterMs = 15_000;
const maxReopenMs = 15_000;
const maxWaiting = 5_000;

const streamEvents = ["hello", "resync", "agent", "agent-forgotten", "history", "incident"] as const;

export const fleet = signal<Fleet>(new Map());
export const loaded = signal(false);
/** True when there are more agents than the page shows. */
export const truncated = signal(false);
/** True when what the page shows may be old. */
export const stale = signal(false);
export const serverVersion = signal("");

/** Names, needs-attention first; the same array while the order stays. */
export const order = computed<readonly string[]>(() => {
  const names = [...fleet.value.values()].toSorted(byAttention).map((agent) => agent.name);
  return names.join("\n") === previousOrder.join("\n") ? previousOrder : (previousOrder = names);
});
let previousOrder: readonly string[] = [];

export interface FleetListener {
  readonly heard: (message: StreamMessage) => void;
  /** The lists were loaded anew; whatever else is shown should be, too. */
  readonly reloaded: () => void;
}

const listeners = new Set<FleetListener>();
let source: EventSource | null = null;
let waiting: StreamMessage[] = [];
let flushTimer: number | null = null;
let loading = false;
let loadAgain = false;
let heardAt = Date.now();
let probedAt = Date.now();
let reopenAt = 0;
let reopenMs = 1_000;

/** Loads the fleet and keeps it live for as long as the page is open. */
export function startLiveFleet(): void {
  startClock(onTick);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() - heardAt > probeAfterMs) openStream();
  });
  openStream();
  void reload();
}

export function listen(listener: FleetListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Puts one agent, as a request for it alone answered, into the picture. */
export function rememberAgent(agent: AgentView): void {
  fleet.value = applyMessages(fleet.value, [{ event: "agent", data: agent }]);
}

function openStream(): void {
  source?.close();
  source = new EventSource("/api/v1/stream");
  source.addEventListener("open", () => {
    reopenMs = 1_000;
    heard();
    void reload();
  });
  for (const event of streamEvents) {
    source.addEventListener(event, (message: MessageEvent<string>) => {
      heard();
      receive({ event, data: JSON.parse(message.data) as unknown } as StreamMessage);
    });
  }
  source.addEventListener("error", () => {
    // The browser reconnects by itself, except after a refusal; then we do, and the next request says whether it is 401.
    if (source?.readyState !== EventSource.CLOSED) return;
    reopenAt = Date.now() + reopenMs;
    reopenMs = Math.min(2 * reopenMs, maxReopenMs);
    void reload();
  });
}

function receive(message: StreamMessage): void {
  if (message.event === "hello") serverVersion.value = message.data.version;
  if (message.event === "hello" || message.event === "resync") setServerTime(message.data.now);
  if (message.event === "resync") void reload();
  waiting.push(message);
  if (waiting.length > maxWaiting) {
    waiting = [];
    void reload();
  }
  flushTimer ??= window.setTimeout(flush, flushMs);
}

function flush(): void {
  flushTimer = null;
  if (loading) return;
  const messages = waiting;
  waiting = [];
  fleet.value = applyMessages(fleet.value, messages);
  for (const message of messages) for (const listener of listeners) listener.heard(message);
}

async function reload(): Promise<void> {
  if (loading) {
    loadAgain = true;
    return;
  }
  loading = true;
  probedAt = Date.now();
  const agents = await loadAgents();
  loading = false;
  if (agents) {
    fleet.value = fleetOf(agents, fleet.value);
    loaded.value = true;
    session.value = "signed-in";
    heard();
    for (const listener of listeners) listener.reloaded();
  }
  flush();
  if (loadAgain) {
    loadAgain = false;
    await reload();
  }
}

async function loadAgents(): Promise<readonly AgentView[] | null> {
  const agents: AgentView[] = [];
  let cursor: string | null = null;
  do {
    const answer = await api.agents(cursor, streamBeats);
    if (!answer.ok) return null;
    agents.push(...answer.value.items);
    cursor = answer.value.next;
  } while (cursor !== null && agents.length < maxAgents);
  truncated.value = cursor !== null;
  return agents;
}

function onTick(slept: boolean): void {
  const at = Date.now();
  if (session.value === "signed-out") return;
  if (document.visibilityState === "visible" && slept) openStream();
  else if (source?.readyState === EventSource.CLOSED && at >= reopenAt) openStream();
  else if (at - heardAt > probeAfterMs && at - probedAt > probeAfterMs) void reload();
  stale.value = at - heardAt > staleAfterMs;
}

function heard(): void {
  heardAt = Date.now();
  stale.value = false;
}

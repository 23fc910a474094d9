// Keeps the picture of the fleet live. The lists are loaded when a stream has said hello, and again when the server says
// `resync`; after that the stream brings every change, and a browser that reconnects is told what it missed. Messages
// that arrive while lists are loading wait and are applied on top. The server speaks at least every ten seconds, so a
// connection that is open and mute is dead: it is replaced, and until then the page says that it is not live.

import { computed, signal } from "@preact/signals";
import { api, session } from "./api.ts";
import type { AgentView, StreamMessage } from "./api-types.ts";
import { byAttention } from "./attention.ts";
import { exactNow, setServerTime, startClock } from "./clock.ts";
import { applyMessages, fleetOf, maxAgents, type Fleet } from "./fleet.ts";

/** Whether what the page shows is what is. `since` is the last moment known to be true, by the server's clock. */
export type Link =
  { readonly state: "connecting" } | { readonly state: "live" } | { readonly state: "lost"; readonly since: number };

const streamBeats = 40;
/** Messages are applied together this often, so that a storm of beats costs one repaint. */
const flushMs = 100;
/** Three times as long as the server is ever silent. */
const muteMs = 35_000;
const maxReopenMs = 15_000;
const maxWaiting = 5_000;

const streamEvents = ["hello", "resync", "agent", "agent-forgotten", "history", "incident"] as const;

export const fleet = signal<Fleet>(new Map());
export const loaded = signal(false);
/** True when there are more agents than the page shows. */
export const truncated = signal(false);
export const link = signal<Link>({ state: "connecting" });
export const serverVersion = signal("");

/** Names, needs-attention first; the same array while the order stays. */
export const order = computed<readonly string[]>(() => {
  const names = byAttention([...fleet.value.values()]).map((agent) => agent.name);
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
/** Whether this stream has said hello; later hellos only keep it alive. */
let greeted = false;
let waiting: StreamMessage[] = [];
let flushTimer: number | null = null;
let loading = false;
let loadAgain = false;
let heardAt = Date.now();
let reopenAt = 0;
let reopenMs = 1_000;

/** Loads the fleet and keeps it live for as long as the page is open. */
export function startLiveFleet(): void {
  startClock(onTick);
  openStream();
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
  greeted = false;
  heardAt = Date.now();
  source = new EventSource("/api/v1/stream");
  for (const event of streamEvents) {
    source.addEventListener(event, (message: MessageEvent<string>) => {
      heardAt = Date.now();
      receive({ event, data: JSON.parse(message.data) as unknown } as StreamMessage);
    });
  }
  source.addEventListener("error", () => {
    loseLink(exactNow());
    // The browser reconnects by itself and is told what it missed, except after a refusal; then we do, and a plain
    // request says whether we were refused for being signed out.
    if (source?.readyState !== EventSource.CLOSED) return;
    reopenAt = Date.now() + reopenMs;
    reopenMs = Math.min(2 * reopenMs, maxReopenMs);
    void reload();
  });
}

function receive(message: StreamMessage): void {
  if (message.event === "hello" || message.event === "resync") setServerTime(message.data.now);
  if (message.event === "hello") {
    serverVersion.value = message.data.version;
    if (link.peek().state !== "live") link.value = { state: "live" };
    reopenMs = 1_000;
    if (!greeted) void reload();
    greeted = true;
    return;
  }
  if (message.event === "resync") {
    void reload();
    return;
  }
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
  const agents = await loadAgents();
  loading = false;
  if (agents) {
    fleet.value = fleetOf(agents, fleet.value);
    loaded.value = true;
    session.value = "signed-in";
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
  if (session.value === "signed-out") {
    source?.close();
    return;
  }
  const at = Date.now();
  if (source?.readyState === EventSource.CLOSED) {
    if (at >= reopenAt) openStream();
  } else if (slept || at - heardAt > muteMs) {
    loseLink(exactNow() - (at - heardAt));
    openStream();
  }
}

function loseLink(since: number): void {
  if (link.peek().state === "live") link.value = { state: "lost", since };
}

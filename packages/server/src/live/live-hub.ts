// What open dashboards see change. Everything that was written is turned into messages once, kept in a ring for those who
// reconnect, and sent to all. An agent that beats fifty times a second is shown once a second, with all its beats. Nobody
// is waited for: a client that reads too slowly is dropped, comes back, and gets what it missed from the ring, or is told to
// load everything again. While nobody looks, nothing is prepared.

import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { MINUTE, SECOND, type DurationMs } from "@midwatch/core";
import type { StreamMessage } from "@midwatch/protocol";
import type { BeatRecord } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { AgentOutcome } from "../ledger/fold-agents.ts";
import type { Committed, LedgerListener } from "../ledger/ledger.ts";
import type { AgentPresenter } from "../views/agent-presenter.ts";
import { beatView } from "../views/agent-view.ts";
import { eventView } from "../views/event-view.ts";
import { incidentView } from "../views/incident-view.ts";
import { iso } from "../views/time.ts";

const flushMs: DurationMs = 200;
const perAgentMs: DurationMs = SECOND;
/** The stream is never mute for longer: a client that hears nothing knows that its connection is dead. */
const keepAliveMs: DurationMs = 10 * SECOND;
/** How long messages are kept for when nobody is connected. */
const lingerMs: DurationMs = MINUTE;
const ringSize = 2_000;
const maxClients = 200;
/** Bytes that may wait for one client before it is dropped. */
const maxBacklog = 4 * 1024 * 1024;
const maxBeatsShown = 60;

/** Whether a client may hear of an agent. */
type Sees = (agent: string) => boolean;

interface Kept {
  readonly n: number;
  readonly agent: string;
  readonly text: string;
}

interface Dirty {
  outcome: AgentOutcome;
  id: number;
  beats: BeatRecord[];
}

export class LiveHub implements LedgerListener {
  readonly #clock: Clock;
  readonly #presenter: AgentPresenter;
  readonly #version: string;
  /** Tells messages of this process from those of an earlier one. */
  readonly #boot = randomBytes(6).toString("base64url");
  readonly #clients = new Map<ServerResponse, Sees>();
  readonly #dirty = new Map<string, Dirty>();
  readonly #shownAt = new Map<string, DurationMs>();
  #ring: Kept[] = [];
  #n = 0;
  #emptySince = Number.NEGATIVE_INFINITY;
  #spokeAt = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(given: { readonly clock: Clock; readonly presenter: AgentPresenter; readonly version: string }) {
    this.#clock = given.clock;
    this.#presenter = given.presenter;
    this.#version = given.version;
    this.#timer = setInterval(() => this.flush(), flushMs).unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= maxClients;
  }

  /** Takes over a response as an event stream, beginning after `lastEventId` if that is still known. */
  connect(response: ServerResponse, lastEventId: string | null, sees: Sees): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const now = iso(this.#clock.now());
    const missed = this.#after(lastEventId);
    // Only what comes last carries the newest id: a connection that breaks before it has missed what stands between.
    response.write(this.#hello());
    for (const { text, agent } of missed ?? []) if (sees(agent)) response.write(text);
    if (missed === null) response.write(messageText({ event: "resync", data: { now } }, null));
    response.write(`id: ${this.#idOf(this.#n)}\n\n`);
    this.#clients.set(response, sees);
    response.on("close", () => {
      this.#clients.delete(response);
      if (this.#clients.size === 0) this.#emptySince = this.#clock.monotonic();
    });
  }

  committed({ outcomes, written }: Committed): void {
    if (!this.#isWatched()) return;
    for (const outcome of outcomes.values()) {
      if (outcome.forgotten) this.#send({ event: "agent-forgotten", data: { name: outcome.name } }, outcome.name);
      else this.#touch(outcome, written.agentIds.get(outcome.name) ?? 0);
    }
    for (const event of written.history) this.#send({ event: "history", data: eventView(event) }, event.agent);
    const now = this.#clock.now();
    for (const incident of written.incidents) {
      this.#send({ event: "incident", data: incidentView(incident, now) }, incident.agent);
    }
  }

  failed(): void {
    // What was not written did not happen, so there is nothing to show.
  }

  /** Sends the agents that have changed, each at most once a second. */
  flush(): void {
    if (!this.#isWatched()) {
      this.#forgetAll();
      return;
    }
    const now = this.#clock.monotonic();
    for (const [name, { outcome, id, beats }] of this.#dirty) {
      if (now - (this.#shownAt.get(name) ?? Number.NEGATIVE_INFINITY) < perAgentMs) continue;
      this.#dirty.delete(name);
      this.#shownAt.set(name, now);
      const view = this.#presenter.state({ id, ...outcome });
      this.#send({ event: "agent", data: { ...view, recent: beats.map(beatView) } }, name);
    }
    if (now - this.#spokeAt < keepAliveMs) return;
    this.#spokeAt = now;
    for (const client of this.#clients.keys()) this.#write(client, this.#hello());
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of this.#clients.keys()) client.end();
  }

  #touch(outcome: AgentOutcome, id: number): void {
    const known = this.#dirty.get(outcome.name);
    if (!known) {
      this.#dirty.set(outcome.name, { outcome, id, beats: outcome.beats.slice(-maxBeatsShown) });
      return;
    }
    known.outcome = outcome;
    known.beats = [...known.beats, ...outcome.beats].slice(-maxBeatsShown);
  }

  #send(message: StreamMessage, agent: string): void {
    const n = ++this.#n;
    const text = messageText(message, this.#idOf(n));
    this.#ring.push({ n, agent, text });
    if (this.#ring.length >= 2 * ringSize) this.#ring = this.#ring.slice(-ringSize);
    for (const [client, sees] of this.#clients) if (sees(agent)) this.#write(client, text);
  }

  #write(client: ServerResponse, text: string): void {
    if (client.writableLength > maxBacklog) client.destroy();
    else client.write(text);
  }

  /** Greets, and keeps alive. Not a comment, because a browser's page never learns of those. */
  #hello(): string {
    return messageText({ event: "hello", data: { now: iso(this.#clock.now()), version: this.#version } }, null);
  }

  #idOf(n: number): string {
    return `${this.#boot}-${n}`;
  }

  /** What came after an id, or null when that is not known any more. A first connection has missed nothing. */
  #after(lastEventId: string | null): readonly Kept[] | null {
    if (lastEventId === null) return [];
    const [boot, number] = splitLast(lastEventId);
    const n = Number(number);
    if (boot !== this.#boot || !Number.isInteger(n) || n > this.#n) return null;
    if (n === this.#n) return [];
    const [oldest] = this.#ring;
    if (!oldest || oldest.n > n + 1) return null;
    return this.#ring.filter((entry) => entry.n > n);
  }

  #isWatched(): boolean {
    return this.#clients.size > 0 || this.#clock.monotonic() - this.#emptySince < lingerMs;
  }

  /** Nobody has looked for a while. A later reconnect must not take the silence for "nothing happened". */
  #forgetAll(): void {
    if (this.#ring.length === 0 && this.#dirty.size === 0 && this.#shownAt.size === 0) return;
    this.#ring = [];
    this.#dirty.clear();
    this.#shownAt.clear();
    this.#n += 1;
  }
}

function messageText(message: StreamMessage, id: string | null): string {
  const data = JSON.stringify(message.data);
  return `${id === null ? "" : `id: ${id}\n`}event: ${message.event}\ndata: ${data}\n\n`;
}

/** Splits at the last hyphen: the part before it may hold hyphens of its own. */
function splitLast(text: string): [string, string] {
  const at = text.lastIndexOf("-");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

// What is decided about one agent: an event is folded through the core, the new state and what is to be done are written
// down, and the server and people are told. Starting and stopping is left to the keeper, from what stands in the entry.

import { randomUUID } from "node:crypto";
import { step, type AgentEvent, type AgentSettings, type Effect, type HistoryEntry } from "@midwatch/core";
import type { Notice } from "../fallback/notice.ts";
import type { AgentRecord } from "../journal/agent-record.ts";
import { factsOf } from "./facts.ts";
import type { KeeperWorld } from "./keeper-world.ts";
import { logLineOf } from "./log-line.ts";

export interface DecisionsOptions extends Pick<KeeperWorld, "supervisorId" | "relay" | "fallback" | "onDecided"> {
  readonly agent: string;
  readonly settings: AgentSettings;
  readonly record: AgentRecord;
  readonly say: (line: string) => void;
}

export type StopEffect = Extract<Effect, { do: "stop" }>;

/** Decisions of no weight: losing them with the supervisor costs nothing, and some come with every beat. */
const light = new Set(["lease-taken", "interval-learned", "run-started", "registered"]);
const outboxLimit = 20;

export class Decisions {
  readonly #options: DecisionsOptions;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** Resolves when the decision is durable; to what is to be stopped now. A start stands in the entry. */
  async make(event: AgentEvent): Promise<readonly StopEffect[]> {
    const { record, settings, relay, fallback, onDecided } = this.#options;
    const before = record.entry.state;
    const { state, effects } = step(before, event, settings);
    record.change({ state });
    for (const fact of factsOf(event, before, state, effects)) relay.fact(fact);
    if (effects.every((effect) => effect.do === "record" && light.has(effect.entry.kind))) return [];
    const notices = this.#note(effects);
    await record.save();
    for (const notice of notices) fallback.add(notice);
    onDecided();
    return effects.filter((effect) => effect.do === "stop");
  }

  /** Puts decisions into the entry, from where they are carried out, by this life or the next. */
  #note(effects: readonly Effect[]): readonly Notice[] {
    const { record } = this.#options;
    const notices: Notice[] = [];
    for (const effect of effects) {
      if (effect.do === "start") {
        const { attempt, reason } = effect;
        record.change({ start: { runId: randomUUID(), attempt, reason } });
      } else if (effect.do === "stop") record.change({ stop: effect.why });
      else if (effect.do === "notify") notices.push(this.#noticeOf(effect));
      else if (effect.do === "record") this.#sayIfWorth(effect.entry);
    }
    if (notices.length > 0) record.change({ outbox: [...record.entry.outbox, ...notices].slice(-outboxLimit) });
    return notices;
  }

  #noticeOf({ what, kind, severity, at, title, text }: Extract<Effect, { do: "notify" }>): Notice {
    const { supervisorId, agent, relay } = this.#options;
    const id = `${supervisorId}/${agent}/${kind}/${what}/${at}`;
    return { id, agent, what, kind, severity, at, title, text, fact: relay.last };
  }

  #sayIfWorth(entry: HistoryEntry): void {
    const line = logLineOf(entry);
    if (line !== null) this.#options.say(line);
  }
}

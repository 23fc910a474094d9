// One agent under a simulated clock, for tests of the rules: feed it events, read what was decided.

import { newAgent } from "../agent.ts";
import type { Beat, BeatIdentity } from "../beat.ts";
import type { MeteredCall } from "../call.ts";
import type { Effect } from "../effect.ts";
import type { AgentEvent, Exit } from "../event.ts";
import { defaultSettings, type AgentSettings } from "../settings.ts";
import type { AgentState } from "../state.ts";
import { step } from "../step.ts";
import type { Ms } from "../time.ts";
import { pricedCall } from "./call-in-test.ts";

export interface AgentInTest {
  readonly state: AgentState;
  readonly effects: readonly Effect[];
  apply(event: AgentEvent): readonly Effect[];
  beat(at: Ms, beat?: Partial<Beat>, spooled?: boolean): readonly Effect[];
  tick(at: Ms): readonly Effect[];
  /** Metered calls that ended at `at`. */
  calls(at: Ms, ...calls: (Partial<MeteredCall> & { readonly cost?: number | null })[]): readonly Effect[];
  sightLost(from: Ms, at: Ms): readonly Effect[];
  start(at: Ms): void;
  started(at: Ms): void;
  exit(at: Ms, exit: Partial<Exit>): readonly Effect[];
  crash(at: Ms): readonly Effect[];
  /** "opened silent", "resolved silent", … in order. */
  notices(): string[];
  starts(): Extract<Effect, { do: "start" }>[];
}

const emptyBeat: Beat = {
  agent: "my-agent",
  status: "ok",
  tokens: 0,
  costUsdMicros: null,
  ts: null,
  runId: null,
  instance: null,
  seq: null,
  cycle: null,
  cycleKind: null,
  cycleMs: null,
  usage: [],
  intervalMs: null,
  everyMs: null,
  leaseMs: null,
  leaseReason: null,
  message: null,
  progress: null,
  tools: [],
  metrics: {},
};

/** `between` sees (and may replace) the state before each event. */
export function agentInTest(
  overrides: Partial<AgentSettings> = {},
  between: (state: AgentState) => AgentState = (state) => state,
): AgentInTest {
  const settings = { ...defaultSettings, ...overrides };
  let state = newAgent("my-agent", 0, settings);
  let runs = 0;
  const effects: Effect[] = [];
  const apply = (event: AgentEvent): readonly Effect[] => {
    const result = step(between(state), event, settings);
    state = result.state;
    effects.push(...result.effects);
    return result.effects;
  };
  const started = (at: Ms): void => {
    runs += 1;
    apply({ type: "started", at, runId: `run-${runs}`, pid: 1000 + runs });
  };
  const exit = (at: Ms, how: Partial<Exit>): readonly Effect[] =>
    apply({
      type: "exited",
      at,
      runId: state.recovery?.runId ?? "none",
      exit: { code: null, signal: null, stoppedFor: null, oom: null, lastLines: [], ...how },
    });
  return {
    get state() {
      return state;
    },
    effects,
    apply,
    beat: (at, beat = {}, spooled = false) => {
      const whole = { ...emptyBeat, ...beat };
      const identity = identityInTest(whole);
      return apply({
        type: "beat",
        at,
        beat: whole,
        identity,
        via: "direct",
        costUsdMicros: whole.costUsdMicros,
        spooled,
      });
    },
    calls: (at, ...calls) => apply({ type: "usage", at, calls: calls.map((call) => pricedCall({ at, ...call })) }),
    tick: (at) => apply({ type: "tick", at }),
    sightLost: (from, at) => apply({ type: "sight-lost", from, at }),
    start: (at) => {
      apply({ type: "command", at, command: "start", by: "supervisor" });
      started(at);
    },
    started,
    exit,
    crash: (at) => exit(at, { signal: "SIGKILL" }),
    notices: () => effects.flatMap((effect) => (effect.do === "notify" ? [`${effect.what} ${effect.kind}`] : [])),
    starts: () => effects.filter((effect) => effect.do === "start"),
  };
}

function identityInTest({ runId, instance, seq }: Beat): BeatIdentity {
  return runId !== null && seq !== null ? { by: "seq", runId, instance: instance ?? "", seq } : { by: "none" };
}

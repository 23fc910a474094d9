// An agent that does the same thing over and over. Two signs, both measured to be rare in work that gets somewhere: the same
// tool with the same arguments three times among the last ten calls, or a round of two to five such calls gone through three
// times. The name of a tool alone is no sign: a good agent searches fifty times. A third sign needs no tools: the very
// same request to the model five times running within one cycle.

import type { ToolCall } from "./beat.ts";

/** The last calls that are looked at for the same call. */
const lately = 10;
const sameCalls = 3;
const rounds = 3;
const longestRound = 5;
const keptCalls = rounds * longestRound;
const samePrompts = 5;

export interface RepetitionState {
  /** The last tool calls as "name digest", newest last; the empty string for one whose arguments are not known. At most 15. */
  readonly calls: readonly string[];
  /** The last request of this cycle, and how often it was made running. */
  readonly prompt: { readonly hash: string; readonly times: number } | null;
}

export const emptyRepetition: RepetitionState = { calls: [], prompt: null };

export interface Repetition {
  readonly what: "call" | "round" | "prompt";
  /** The tools in question, in order; empty for a prompt. */
  readonly tools: readonly string[];
  readonly times: number;
}

/** Remembers tool calls, but those of tools that are meant to be asked again and again. */
export function rememberTools(
  state: RepetitionState,
  tools: readonly ToolCall[],
  pollingTools: readonly string[],
): RepetitionState {
  const fresh = tools
    .filter(({ name }) => !pollingTools.includes(name))
    .map(({ name, argsHash }) => (argsHash === null ? "" : `${name} ${argsHash}`));
  return fresh.length === 0 ? state : { ...state, calls: [...state.calls, ...fresh].slice(-keptCalls) };
}

export function rememberPrompt(state: RepetitionState, hash: string): RepetitionState {
  const times = state.prompt?.hash === hash ? state.prompt.times + 1 : 1;
  return { ...state, prompt: { hash, times } };
}

/**
 * A cycle is over: the next may well ask the same. Where tools were not reported by the agent itself but seen from outside,
 * that holds for them, too: looking into the same inbox once a cycle is what many agents are for.
 */
export function endOfCycle(state: RepetitionState, seenFromOutside: boolean): RepetitionState {
  if (state.prompt === null && (!seenFromOutside || state.calls.length === 0)) return state;
  return { calls: seenFromOutside ? [] : state.calls, prompt: null };
}

/** What is being repeated now, or null. */
export function findRepetition({ calls, prompt }: RepetitionState): Repetition | null {
  return sameCall(calls.slice(-lately)) ?? sameRound(calls) ?? samePrompt(prompt);
}

function sameCall(calls: readonly string[]): Repetition | null {
  const counts = new Map<string, number>();
  for (const call of calls) if (call !== "") counts.set(call, (counts.get(call) ?? 0) + 1);
  for (const [call, times] of counts) if (times >= sameCalls) return { what: "call", tools: [nameOf(call)], times };
  return null;
}

function sameRound(calls: readonly string[]): Repetition | null {
  for (let length = 2; length <= longestRound; length += 1) {
    const last = calls.slice(-rounds * length);
    if (last.length < rounds * length || last.includes("")) continue;
    const repeats = last.every((call, index) => call === last[index % length]);
    if (repeats) return { what: "round", tools: last.slice(0, length).map(nameOf), times: rounds };
  }
  return null;
}

function samePrompt(prompt: RepetitionState["prompt"]): Repetition | null {
  return prompt !== null && prompt.times >= samePrompts ? { what: "prompt", tools: [], times: prompt.times } : null;
}

/** A digest holds no space, a name may. */
function nameOf(call: string): string {
  return call.slice(0, call.lastIndexOf(" "));
}

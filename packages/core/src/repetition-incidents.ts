// Turns what is repeated into an incident, and ends it when other things are done again.

import type { ToolCall } from "./beat.ts";
import { findIncident, openIncident, resolveIncident } from "./incidents.ts";
import { findRepetition, rememberPrompt, rememberTools, type Repetition } from "./repetition.ts";
import type { Turn } from "./turn.ts";

export interface Done {
  readonly tools: readonly ToolCall[];
  readonly promptHash: string | null;
}

/** Judges what an agent has just done; `judged` is false while it shuts down. */
export function judgeRepetition(turn: Turn, done: Done, judged: boolean): void {
  const { state, settings } = turn;
  if (done.tools.length === 0 && done.promptHash === null) return;
  let seen = rememberTools(state.repetition, done.tools, settings.pollingTools);
  if (done.promptHash !== null) seen = rememberPrompt(seen, done.promptHash);
  state.repetition = seen;
  const found = judged ? findRepetition(seen) : null;
  if (found) {
    openIncident(turn, { kind: "repetition", since: turn.at, ...explain(found) });
  } else if (findIncident(state, "repetition")) {
    resolveIncident(turn, "repetition", {
      by: "itself",
      title: "it does other things again",
      text: "Among its last calls nothing is repeated any more.",
    });
  }
}

function explain({ what, tools, times }: Repetition): {
  title: string;
  text: string;
  numbers: Readonly<Record<string, number | string>>;
} {
  const next =
    "Look at what it is waiting for; stop it if it gets nowhere. A tool that is meant to be asked again and again can be named in polling_tools.";
  switch (what) {
    case "call":
      return {
        title: `repetition: ${tools.join(", ")} called ${times} times with the same arguments`,
        text: `${times} of its last 10 tool calls were the very same call. ${next}`,
        numbers: { times, tool: tools.join(", ") },
      };
    case "round":
      return {
        title: `repetition: the same ${tools.length} calls gone through ${times} times`,
        text: `It goes round in ${tools.join(" → ")}, with the same arguments each time. ${next}`,
        numbers: { times, round: tools.join(" → ") },
      };
    case "prompt":
      return {
        title: `repetition: the same request to the model ${times} times running`,
        text: `Within one cycle it has sent the very same request ${times} times and was answered each time. Look for a step whose result is thrown away.`,
        numbers: { times },
      };
  }
}

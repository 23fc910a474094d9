import type { JSX } from "preact";
import type { AgentStateName, Severity } from "../api-types.ts";
import { spellState, type Attention } from "../attention.ts";

/** The state in a word, a shape and a colour, so that none of the three has to carry it alone. */
export function StateBadge({ state }: { readonly state: AgentStateName }): JSX.Element {
  return (
    <span class={`state state-${state}`}>
      <StateGlyph state={state} />
      {spellState(state)}
    </span>
  );
}

export function StateGlyph({ state }: { readonly state: AgentStateName }): JSX.Element {
  return (
    <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
      {stateShapes[state]}
    </svg>
  );
}

/** The worst of the fleet as a shape beside the headline, which says the same in words. */
export function AttentionGlyph({ attention }: { readonly attention: Attention }): JSX.Element {
  const state = attentionStates[attention];
  return (
    <span class={`attention state-${state}`}>
      <StateGlyph state={state} />
    </span>
  );
}

const attentionStates: Readonly<Record<Attention, AgentStateName>> = {
  "needs-you": "down",
  down: "down",
  late: "late",
  unseen: "unknown",
  warned: "late",
  settled: "up",
  well: "up",
};

const ring = <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.75" />;

const stateShapes: Readonly<Record<AgentStateName, JSX.Element>> = {
  up: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  late: (
    <path d="M8 2.2 14.4 13.5H1.6Z" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" />
  ),
  down: (
    <path d="M8 .8 15.2 8 8 15.2.8 8ZM7.1 4.3v5h1.8v-5Zm0 6.2v1.7h1.8v-1.7Z" fill="currentColor" fill-rule="evenodd" />
  ),
  new: (
    <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.75" stroke-dasharray="2.2 2.1" />
  ),
  stopping: (
    <>
      {ring}
      <path d="M8 5v5M5.8 8.2 8 10.4l2.2-2.2" fill="none" stroke="currentColor" stroke-width="1.5" />
    </>
  ),
  stopped: <rect x="3" y="3" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.75" />,
  paused: <path d="M4.5 3h2.4v10H4.5ZM9.1 3h2.4v10H9.1Z" fill="currentColor" />,
  unknown: (
    <>
      {ring}
      <path d="M5 8h6" stroke="currentColor" stroke-width="1.75" />
    </>
  ),
};

/** Severity by shape; the words stand beside it. */
export function SeverityGlyph({ severity }: { readonly severity: Severity }): JSX.Element {
  return (
    <svg class={`glyph severity-${severity}`} viewBox="0 0 16 16" role="img" aria-label={severityWords[severity]}>
      {severity === "page" && <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" fill="currentColor" />}
      {severity === "warn" && (
        <path d="M8 3 13.5 13H2.5Z" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" />
      )}
      {severity === "info" && <circle cx="8" cy="8" r="2.5" fill="currentColor" />}
    </svg>
  );
}

const severityWords: Readonly<Record<Severity, string>> = {
  page: "Urgent:",
  warn: "Warning:",
  info: "Note:",
};

import type { JSX } from "preact";
import type { AgentView, RecoveryView } from "../api-types.ts";
import { LocalTime } from "./time.tsx";

/** The automatic restarts as steps, used and left, and then the human. */
export function RecoveryLadder({ agent }: { readonly agent: AgentView }): JSX.Element {
  const { recovery } = agent;
  if (!recovery) {
    return (
      <p class="muted">
        No supervisor keeps this agent: it is watched and not restarted. <code>midwatch run</code> would do both.
      </p>
    );
  }
  const { phase, attempt, of } = recovery;
  const steps = Array.from({ length: of }, (_, index) => index + 1);
  return (
    <div class={`ladder ladder-${phase}`}>
      <p>
        <b>{phaseWords[phase]}</b>
        {recovery.next_attempt_at !== null && (
          <span class="muted">
            {" "}
            until <LocalTime iso={recovery.next_attempt_at} seconds />
          </span>
        )}
      </p>
      <ol class="steps" aria-label={ladderLabel(recovery)}>
        {steps.map((step) => (
          <li key={step} class={step < attempt ? "used" : step === attempt ? "now" : "left"}>
            {step}
          </li>
        ))}
        <li class={phase === "exhausted" ? "human now" : "human"}>you</li>
      </ol>
      {recovery.reason !== null && phase !== "healthy" && <p class="muted">{recovery.reason}</p>}
    </div>
  );
}

const phaseWords: Readonly<Record<RecoveryView["phase"], string>> = {
  idle: "Not started yet",
  starting: "Started, waiting for its first beat",
  probation: "Restarted, on probation",
  healthy: "Healthy",
  stopping: "Being stopped",
  cooldown: "Cooling down",
  exhausted: "No automatic restart is left",
  stopped: "Stopped on purpose",
};

function ladderLabel({ attempt, of, phase }: RecoveryView): string {
  if (phase === "exhausted") return `all ${of} automatic restarts are used; a human is needed`;
  return attempt === 0 ? `${of} automatic restarts left` : `automatic restart ${attempt} of ${of}`;
}

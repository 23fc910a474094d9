import type { JSX } from "preact";
import type { AgentView } from "../api-types.ts";
import { countedTokens, sparkline } from "../sparkline.ts";
import { spellCount } from "../spell-number.ts";

const size = { width: 96, height: 28 };

/** Tokens of the last cycle against what is usual, as a line and as numbers. */
export function TokenSpark({ agent }: { readonly agent: AgentView }): JSX.Element {
  const tokens = countedTokens(agent);
  const last = tokens.at(-1);
  const { path, area, baselineY, end } = sparkline(tokens, agent.baseline_tokens, size);
  // The burst of an agent that cleans up before it ends is expected.
  const ending = agent.state === "stopping" || agent.state === "stopped";
  const dear = !ending && last !== undefined && agent.alarm_tokens !== null && last > agent.alarm_tokens;
  return (
    <div class="tokens">
      <svg
        class="spark"
        viewBox={`0 0 ${size.width} ${size.height}`}
        preserveAspectRatio="xMinYMid meet"
        aria-hidden="true"
      >
        <path class="spark-area" d={area} />
        {baselineY !== null && <path class="spark-baseline" d={`M0 ${baselineY}H${size.width}`} />}
        <path class="spark-line" d={path} />
        {end && <circle class={dear ? "spark-end spark-dear" : "spark-end"} cx={end.x} cy={end.y} r="2" />}
      </svg>
      <span class="token-words">
        <b class={dear ? "last-dear" : ""}>{last === undefined ? "–" : spellCount(last)}</b>
        <span class="muted">{usual(agent, last)}</span>
      </span>
    </div>
  );
}

function usual(agent: AgentView, last: number | undefined): string {
  const baseline = agent.baseline_tokens;
  if (last === undefined) return "no tokens yet";
  if (baseline === null) return "still learning";
  const times = baseline > 0 ? last / baseline : 0;
  return `usual ${spellCount(baseline)}${times >= 3 ? ` · ${spellCount(times)} ×` : ""}`;
}

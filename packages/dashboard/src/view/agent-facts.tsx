import type { ComponentChildren, JSX } from "preact";
import type { AgentView } from "../api-types.ts";
import { limitName, spellLimit } from "../spell-budget.ts";
import { spellCount, spellSome, spellUsd } from "../spell-number.ts";
import { spellDuration } from "../spell-time.ts";
import { LocalTime } from "./time.tsx";

export function AgentFacts({ agent }: { readonly agent: AgentView }): JSX.Element {
  return (
    <dl class="facts">
      <Fact name="Beats">{spellCount(agent.beats_total)}</Fact>
      <Fact name="Tokens">{spellCount(agent.tokens_total)}</Fact>
      <Fact name="Cost">{costOf(agent)}</Fact>
      {agent.budget.map((limit) => (
        <Fact key={limit.name} name={limitName(limit)}>
          {spellLimit(limit)}
        </Fact>
      ))}
      <Fact name="Metered by">{meteredBy(agent)}</Fact>
      <Fact name="Usual per cycle">
        {agent.baseline_tokens === null ? "still learning" : `${spellCount(agent.baseline_tokens)} tokens`}
      </Fact>
      <Fact name="Interval">
        {spellDuration(agent.interval_s * 1_000)}, {intervalSources[agent.interval_source]}
      </Fact>
      <Fact name="Host">{agent.host ?? "not known"}</Fact>
      <Fact name="Run">{agent.run_id === null ? "not named" : <code>{agent.run_id}</code>}</Fact>
      <Fact name="First seen">
        <LocalTime iso={agent.first_seen_at} />
      </Fact>
      {agent.tags.length > 0 && <Fact name="Tags">{agent.tags.join(", ")}</Fact>}
    </dl>
  );
}

/** Tokens without a price are unpriced, not free. */
function costOf(agent: AgentView): string {
  const { cost_usd_total: cost, unpriced_tokens: unpriced } = agent;
  if (unpriced === 0) return spellUsd(cost);
  return cost === 0 ? "unpriced" : `${spellUsd(cost)}, and ${spellSome(unpriced, "token")} unpriced this month`;
}

const sourceNames: Readonly<Record<string, string>> = {
  beat: "its beats",
  proxy: "the metering proxy",
  log: "telemetry (logs)",
  span: "telemetry (traces)",
  metric: "telemetry (metrics)",
};

function meteredBy({ metered_by: sources }: AgentView): string {
  return sources.length === 0 ? "nobody lately" : sources.map((source) => sourceNames[source] ?? source).join(", ");
}

const intervalSources: Readonly<Record<AgentView["interval_source"], string>> = {
  set: "set by an operator",
  declared: "declared",
  learned: "learned from its gaps",
  assumed: "assumed",
};

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

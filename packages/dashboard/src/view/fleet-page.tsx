import { computed, signal, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AgentStateName } from "../api-types.ts";
import { spellState } from "../attention.ts";
import { maxAgents } from "../fleet.ts";
import { countStates, matches } from "../fleet-filter.ts";
import { headlineOf } from "../headline.ts";
import { fleet, order, truncated } from "../live-fleet.ts";
import { spellCount } from "../spell-number.ts";
import { AgentRow } from "./agent-row.tsx";
import { AttentionGlyph, StateGlyph } from "./state-badge.tsx";

const wantedText = signal("");
const wantedState = signal<AgentStateName | null>(null);

const shown = computed(() => {
  const wanted = { text: wantedText.value, state: wantedState.value };
  if (wanted.text.trim() === "" && wanted.state === null) return order.value;
  const agents = fleet.value;
  return order.value.filter((name) => {
    const agent = agents.get(name);
    return agent !== undefined && matches(agent, wanted);
  });
});

const headline = computed(() => headlineOf([...fleet.value.values()]));
const headlineText = computed(() => headline.value.sentence);
const attention = computed(() => headline.value.attention);
/** As text, so that what listens hears only of a change. */
const states = computed(() =>
  countStates(fleet.value.values())
    .map(({ state, count }) => `${state} ${count}`)
    .join(),
);

export function FleetPage(): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const names = shown.value;
  return (
    <div class="fleet">
      <div class="fleet-head">
        <div class="headline" role="status">
          <h1>
            <AttentionGlyph attention={attention.value} />
            {headlineText}
          </h1>
        </div>
        <div class="fleet-tools">
          <StateChips />
          <Finder />
        </div>
      </div>
      {truncated.value && (
        <p class="muted">Only the first {spellCount(maxAgents)} agents are shown here; the API lists all.</p>
      )}
      <FleetColumns />
      <ul class="rows" ref={list} aria-label="Agents">
        {names.slice(0, useGrowing(names.length)).map((name) => (
          <AgentRow key={name} name={name} />
        ))}
      </ul>
      {names.length === 0 && <NothingFound />}
    </div>
  );
}

export function FleetColumns(): JSX.Element {
  return (
    <div class="columns" aria-hidden="true">
      <span>State</span>
      <span>Agent</span>
      <span>Last beat</span>
      <span>Beats</span>
      <span>Tokens per cycle</span>
      <span>Restarts today</span>
    </div>
  );
}

const rowsAtOnce = 60;

/** How many rows are there by now. A long list comes in parts, a frame each, so that no frame is long. */
function useGrowing(wanted: number): number {
  const count = useSignal(rowsAtOnce);
  const reached = Math.min(count.value, Math.max(wanted, rowsAtOnce));
  useEffect(() => {
    if (reached >= wanted) {
      count.value = reached;
      return;
    }
    const frame = requestAnimationFrame(() => {
      count.value = reached + rowsAtOnce;
    });
    return () => cancelAnimationFrame(frame);
  }, [count, reached, wanted]);
  return reached;
}

/** How many are in each state; picking one shows only those. */
function StateChips(): JSX.Element {
  const counts = useComputed(() => states.value)
    .value.split(",")
    .map((part) => part.split(" "));
  return (
    <div class="chips" role="group" aria-label="Show only">
      {counts.map(([name, count]) => {
        const state = name as AgentStateName;
        const picked = wantedState.value === state;
        return (
          <button
            key={state}
            type="button"
            class={`chip state-${state}`}
            aria-pressed={picked}
            onClick={() => {
              wantedState.value = picked ? null : state;
            }}
          >
            <StateGlyph state={state} />
            <b>{count}</b> {spellState(state).toLowerCase()}
          </button>
        );
      })}
    </div>
  );
}

function Finder(): JSX.Element {
  return (
    <div class="find">
      <input
        type="search"
        class="finder"
        placeholder="Find an agent"
        aria-label="Find an agent by name, host, tag or incident"
        aria-keyshortcuts="/"
        value={wantedText}
        onInput={(event) => {
          wantedText.value = event.currentTarget.value;
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function NothingFound(): JSX.Element {
  return (
    <p class="nothing" role="status">
      No agent is like that.{" "}
      <button
        type="button"
        onClick={() => {
          wantedText.value = "";
          wantedState.value = null;
        }}
      >
        Show all
      </button>
    </p>
  );
}

/** j and k walk the rows, / finds; none of them while something is being typed or held. */
function useRowKeys(list: { readonly current: HTMLUListElement | null }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
      if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLInputElement>(".finder")?.focus();
      }
      if (event.key !== "j" && event.key !== "k") return;
      const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>(".agent-link") ?? [])];
      const at = links.findIndex((one) => one === document.activeElement);
      const next = event.key === "j" ? at + 1 : Math.max(0, at - 1);
      links[Math.min(next, links.length - 1)]?.focus();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [list]);
}

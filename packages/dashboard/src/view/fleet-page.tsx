import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { maxAgents } from "../fleet.ts";
import { headlineOf } from "../headline.ts";
import { fleet, order, truncated } from "../live-fleet.ts";
import { spellCount } from "../spell-number.ts";
import { AgentRow } from "./agent-row.tsx";

const wanted = signal("");
/** From here on the fleet no longer fits a glance, and finding by name helps. */
const manyAgents = 12;

const shown = computed(() => {
  const text = wanted.value.trim().toLowerCase();
  if (text === "") return order.value;
  return order.value.filter((name) => {
    const agent = fleet.value.get(name);
    return [name, agent?.host ?? "", ...(agent?.tags ?? [])].some((one) => one.toLowerCase().includes(text));
  });
});

export function FleetPage(): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const names = shown.value;
  return (
    <div class="fleet">
      <div class="fleet-head">
        <FleetHeadline />
        {order.value.length > manyAgents && <Finder />}
      </div>
      {truncated.value && (
        <p class="muted">Only the first {spellCount(maxAgents)} agents are shown here; the API lists all.</p>
      )}
      <div class="columns" aria-hidden="true">
        <span>State</span>
        <span>Agent</span>
        <span>Last beat</span>
        <span>Beats</span>
        <span>Tokens per cycle</span>
        <span>Restarts today</span>
      </div>
      <ul class="rows" ref={list} aria-label="Agents">
        {names.map((name) => (
          <AgentRow key={name} name={name} />
        ))}
      </ul>
      {names.length === 0 && <p class="muted">No agent, host or tag contains “{wanted.value}”.</p>}
    </div>
  );
}

function FleetHeadline(): JSX.Element {
  const { sentence, rest, attention } = headlineOf([...fleet.value.values()]);
  return (
    <div class={`headline headline-${attention}`} role="status">
      <h1>{sentence}</h1>
      {/* A no-break space keeps the line's height when there is nothing to add. */}
      <p class="muted">{rest === "" ? "\u00a0" : rest}</p>
    </div>
  );
}

function Finder(): JSX.Element {
  return (
    <input
      type="search"
      class="finder"
      placeholder="Find an agent  /"
      aria-label="Find an agent by name, host or tag"
      value={wanted.value}
      onInput={(event) => {
        wanted.value = event.currentTarget.value;
      }}
    />
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
      const at = links.findIndex((link) => link === document.activeElement);
      const next = event.key === "j" ? at + 1 : Math.max(0, at - 1);
      links[Math.min(next, links.length - 1)]?.focus();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [list]);
}

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { FleetColumns } from "./fleet-page.tsx";

const rows = Array.from({ length: 20 }, (_, row) => row);

const patienceMs = 4_000;

/** Holds the place of the fleet until it is known. */
export function FleetSkeleton(): JSX.Element {
  const waited = useSignal(false);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      waited.value = true;
    }, patienceMs);
    return () => window.clearTimeout(timer);
  }, [waited]);
  return (
    <div class="fleet" role="status" aria-label="Looking at the fleet">
      <div class="fleet-head">
        <div class="headline">
          <h1>{waited.value ? "The server does not answer yet." : "Looking at the fleet…"}</h1>
        </div>
        <div class="fleet-tools" />
      </div>
      <FleetColumns />
      <div class="rows" aria-hidden="true">
        {rows.map((row) => (
          <div key={row} class="row skeleton-row">
            <span class="bone" />
            <span class="bone" />
            <span class="bone" />
            <span class="bone" />
            <span class="bone" />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Holds the place of one agent's sections. */
export function AgentSkeleton(): JSX.Element {
  return (
    <div class="agent-skeleton" role="status" aria-label="Looking at the agent">
      <span class="bone bone-strip" />
      <span class="bone bone-plot" />
    </div>
  );
}

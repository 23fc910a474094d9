import type { JSX } from "preact";
import { session } from "../api.ts";

const rows = [0, 1, 2, 3, 4];

/** Holds the place of the fleet until it is known. */
export function FleetSkeleton(): JSX.Element {
  return (
    <div class="fleet" role="status" aria-label="Looking at the fleet">
      <div class="fleet-head">
        <div class="headline">
          <h1>{session.value === "checking" ? "Looking at the fleet…" : "The server does not answer yet."}</h1>
        </div>
      </div>
      <div class="columns" aria-hidden="true" />
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

import type { JSX } from "preact";
import type { AgentDetail } from "../agent-detail.ts";
import type { AgentView, EventView } from "../api-types.ts";
import { restartsOf } from "../history.ts";
import { spellSome } from "../spell-number.ts";
import { LocalTime } from "./time.tsx";

const shownRestarts = 10;

export function EventList({ agent, detail }: { readonly agent: AgentView; readonly detail: AgentDetail }): JSX.Element {
  const events = detail.events.value;
  const restarts = restartsOf(events ?? []).slice(0, shownRestarts);
  return (
    <div>
      <section aria-labelledby="restarts-title">
        <h2 id="restarts-title">
          Restarts <span class="muted">{spellSome(agent.restarts_today, "time")} today</span>
        </h2>
        {restarts.length === 0 ? <p class="muted">Its process was not started or stopped lately.</p> : null}
        <Events events={restarts} />
      </section>
      <section aria-labelledby="events-title">
        <h2 id="events-title">Events</h2>
        {events === null && <p class="muted">Loading…</p>}
        {events?.length === 0 && <p class="muted">None so far.</p>}
        <Events events={events ?? []} />
      </section>
    </div>
  );
}

function Events({ events }: { readonly events: readonly EventView[] }): JSX.Element {
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.id}>
          <span class="event-time">
            <LocalTime iso={event.at} seconds />
          </span>
          <span>{event.text}</span>
        </li>
      ))}
    </ol>
  );
}

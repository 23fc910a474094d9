import type { JSX } from "preact";
import type { EventView } from "../api-types.ts";
import { LocalTime } from "./time.tsx";

/** The history of one agent, newest first. */
export function EventList({ events }: { readonly events: readonly EventView[] }): JSX.Element {
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

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { EventView } from "../api-types.ts";
import { spellSome } from "../spell-number.ts";
import { LocalTime } from "./time.tsx";

const shownAtFirst = 20;

/** The history of one agent, newest first; what is further back is one press away. */
export function EventList({ events }: { readonly events: readonly EventView[] }): JSX.Element {
  const all = useSignal(false);
  const shown = all.value ? events : events.slice(0, shownAtFirst);
  return (
    <>
      <ol class="events">
        {shown.map((event) => (
          <li key={event.id}>
            <span class="event-time">
              <LocalTime iso={event.at} seconds />
            </span>
            <span>{event.text}</span>
          </li>
        ))}
      </ol>
      {shown.length < events.length && (
        <button
          type="button"
          class="quiet more"
          onClick={() => {
            all.value = true;
          }}
        >
          {spellSome(events.length - shown.length, "earlier event")}
        </button>
      )}
    </>
  );
}

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { exactNow, now } from "../clock.ts";
import { link } from "../live-fleet.ts";
import { spellDuration } from "../spell-time.ts";
import { LocalTime, Since } from "./time.tsx";

/** A server that restarts is back within this; a banner for it would only startle. */
const bannerAfterMs = 3_000;

/** Whether the page is live, in a word and a shape; always in the same place. */
export function LinkState(): JSX.Element {
  const { state } = link.value;
  return (
    <span class={`link link-${state}`} role="status">
      <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
        {state === "live" ? (
          <path d="M1 8.5h3.2L6 4l3.4 8.5L11.3 8.5H15" fill="none" stroke="currentColor" stroke-width="1.75" />
        ) : (
          <path
            d="M13.5 8A5.5 5.5 0 1 1 8 2.5 5.5 5.5 0 0 1 13.5 8ZM4.2 11.8l7.6-7.6"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
          />
        )}
      </svg>
      <span class="link-word">{words[state]}</span>
    </span>
  );
}

const words = { connecting: "Connecting", live: "Live", lost: "Not live" } as const;

/** Above the page, not in it, so that nothing moves when it comes and goes. */
export function LostBanner(): JSX.Element | null {
  const current = link.value;
  const since = current.state === "lost" ? current.since : exactNow();
  const long = useComputed(() => Math.max(now.value, exactNow()) - since >= bannerAfterMs);
  if (!long.value) return null;
  const iso = new Date(since).toISOString();
  return (
    <div class="lost" role="alert" aria-label={`Not connected for ${spellDuration(exactNow() - since)}`}>
      <p>
        <b>
          Not connected since <LocalTime iso={iso} seconds />
        </b>{" "}
        <span class="muted">
          (<Since iso={iso} />)
        </span>
      </p>
      <p>This is how things stood then. Trying again; if it lasts, look at the terminal where Midwatch runs.</p>
    </div>
  );
}

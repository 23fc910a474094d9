import type { JSX } from "preact";
import { now } from "../clock.ts";
import { spellAgo, spellDuration, spellLocal, spellUtc } from "../spell-time.ts";
import { useComputed } from "@preact/signals";

interface TimeProps {
  readonly iso: string;
}

/** "12 s ago", ticking; the exact UTC on hover. */
export function Ago({ iso }: TimeProps): JSX.Element {
  const text = useComputed(() => spellAgo(Date.parse(iso), now.value));
  return (
    <time dateTime={iso} title={spellUtc(iso)}>
      {text.value}
    </time>
  );
}

/** How long something has been going on, ticking: "4 min 10 s". */
export function Since({ iso }: TimeProps): JSX.Element {
  const text = useComputed(() => spellDuration(Math.max(0, now.value - Date.parse(iso))));
  return (
    <time dateTime={iso} title={`since ${spellUtc(iso)}`}>
      {text.value}
    </time>
  );
}

/** The time of day in the viewer's own zone; the exact UTC on hover. */
export function LocalTime({ iso, seconds = false }: TimeProps & { readonly seconds?: boolean }): JSX.Element {
  const text = useComputed(() => spellLocal(Date.parse(iso), now.value, seconds));
  return (
    <time dateTime={iso} title={spellUtc(iso)}>
      {text.value}
    </time>
  );
}

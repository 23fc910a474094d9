// Texts that tick. Each hands its signal to the page as it is, so that a tick changes a text and renders no component.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { now } from "../clock.ts";
import { spellAgo, spellDuration, spellLocal, spellUtc } from "../spell-time.ts";

interface TimeProps {
  readonly iso: string;
}

/** "12 s ago", ticking; the exact UTC on hover. */
export function Ago({ iso }: TimeProps): JSX.Element {
  return <Ticking iso={iso} title={spellUtc(iso)} spell={spellAgo} />;
}

/** How long something has been going on, ticking: "4 min 10 s". */
export function Since({ iso }: TimeProps): JSX.Element {
  return <Ticking iso={iso} title={`since ${spellUtc(iso)}`} spell={spellSince} />;
}

/** The time of day in the viewer's own zone; the exact UTC on hover. */
export function LocalTime({ iso, seconds = false }: TimeProps & { readonly seconds?: boolean }): JSX.Element {
  return <Ticking iso={iso} title={spellUtc(iso)} spell={seconds ? spellLocalSeconds : spellLocal} />;
}

interface TickingProps extends TimeProps {
  readonly title: string;
  readonly spell: (at: number, now: number) => string;
}

function Ticking({ iso, title, spell }: TickingProps): JSX.Element {
  const at = Date.parse(iso);
  // Made anew for another time, so that it is right at once and not only with the next tick.
  const text = useMemo(() => computed(() => spell(at, now.value)), [at, spell]);
  return (
    <time dateTime={iso} title={title}>
      {text}
    </time>
  );
}

/** Whole seconds: what ticks once a second has no milliseconds to tell. */
function spellSince(at: number, present: number): string {
  return present - at < 1_000 ? "0 s" : spellDuration(present - at);
}

function spellLocalSeconds(at: number, present: number): string {
  return spellLocal(at, present, true);
}

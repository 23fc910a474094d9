// One clock for every "12 s ago" on the page, ticking once a second by the server's time: what counts is when the
// server received a beat, and a laptop whose clock is a minute off must not make every agent look late.

import { signal } from "@preact/signals";

const tickMs = 1_000;
/** A tick this late means that the machine slept or the tab was frozen; busy tabs are late by a second at most. */
const sleptMs = 10_000;
/** Below this a difference is the network's delay, and following it would make the seconds stutter. */
const worthCorrectingMs = 500;

let offsetMs = 0;

/** Milliseconds since the epoch by the server's clock, as of the last tick. */
export const now = signal(Date.now());

/** The same, this very moment. */
export function exactNow(): number {
  return Date.now() + offsetMs;
}

export function setServerTime(iso: string): void {
  const offset = Date.parse(iso) - Date.now();
  if (Math.abs(offset - offsetMs) < worthCorrectingMs) return;
  offsetMs = offset;
  now.value = exactNow();
}

/** Starts ticking; `onTick` hears whether this tick came after a sleep. */
export function startClock(onTick: (slept: boolean) => void): void {
  let before = Date.now();
  window.setInterval(() => {
    const at = Date.now();
    const slept = at - before > sleptMs || at < before;
    before = at;
    // A hidden page need not repaint; it catches up with the first tick after it is shown.
    if (document.visibilityState === "visible") now.value = exactNow();
    onTick(slept);
  }, tickMs);
}

// One clock for every "12 s ago" on the page, ticking once a second by the server's time: what counts is when the
// server received a beat, and a laptop whose clock is a minute off must not make every agent look late.

import { signal } from "@preact/signals";

const tickMs = 1_000;
/** A tick this late means that the machine slept or the tab was frozen; busy tabs are late by a second at most. */
const sleptMs = 10_000;

let offsetMs = 0;

/** Milliseconds since the epoch by the server's clock. */
export const now = signal(Date.now());

export function setServerTime(iso: string): void {
  offsetMs = Date.parse(iso) - Date.now();
  now.value = Date.now() + offsetMs;
}

/** Starts ticking; `onTick` hears whether this tick came after a sleep. */
export function startClock(onTick: (slept: boolean) => void): void {
  let before = Date.now();
  window.setInterval(() => {
    const at = Date.now();
    const slept = at - before > sleptMs || at < before;
    before = at;
    // A hidden page need not repaint; it catches up with the first tick after it is shown.
    if (document.visibilityState === "visible") now.value = at + offsetMs;
    onTick(slept);
  }, tickMs);
}

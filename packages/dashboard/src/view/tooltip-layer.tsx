import type { JSX } from "preact";
import { now } from "../clock.ts";
import { spellLocal, spellUtc } from "../spell-time.ts";
import { tooltip } from "../tooltip.ts";

const halfWidth = 150;

/** Drawn once, above everything, so that no row cuts it off. What it says is also in the strip's own label. */
export function TooltipLayer(): JSX.Element | null {
  const tip = tooltip.value;
  if (!tip) return null;
  const margin = Math.min(halfWidth, window.innerWidth / 2) + 8;
  const x = Math.max(margin, Math.min(window.innerWidth - margin, tip.x));
  return (
    <div class="tooltip" aria-hidden="true" style={{ left: `${x}px`, top: `${tip.y}px` }}>
      <b>{spellLocal(tip.at, now.peek(), true)}</b> {tip.text}
      <span class="tooltip-utc">{spellUtc(new Date(tip.at).toISOString())}</span>
    </div>
  );
}

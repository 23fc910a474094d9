import { computed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { AgentView } from "../api-types.ts";
import { now } from "../clock.ts";
import { link } from "../live-fleet.ts";
import { spellLocal } from "../spell-time.ts";
import { describeStrip, missedBeats, stripCells, type CellKind, type StripCell } from "../strip-cells.ts";
import { tooltip } from "../tooltip.ts";

interface BeatStripProps {
  readonly agent: AgentView;
  /** How many cells are shown. */
  readonly capacity: number;
  /** Whether the keyboard stops here. In a long list it would be one stop too many a row. */
  readonly walkable?: boolean;
}

const pitch = 6;
const width = 4;
const height = 24;

/** The last beats, newest at the right. Read by pointer and, where it is walkable, with the arrow keys. */
export function BeatStrip({ agent, capacity, walkable = false }: BeatStripProps): JSX.Element {
  // Cut off from the server nobody knows whether beats are missed now; then what was known last stands.
  const due = useMemo(
    () => computed(() => (link.value.state === "lost" ? agent.missed : missedBeats(agent, now.value))),
    [agent],
  ).value;
  const chosen = useSignal<number | null>(null);
  const cells = stripCells(agent, due, capacity);
  const empty = capacity - cells.length;
  const index = chosen.value === null ? null : Math.min(chosen.value, cells.length - 1);
  const cell = index === null ? undefined : cells[index];
  const summary = describeStrip(cells);

  const show = (target: Element, wanted: number): void => {
    const next = Math.max(0, Math.min(cells.length - 1, wanted));
    const picked = cells[next];
    if (!picked) return;
    chosen.value = next;
    const box = target.getBoundingClientRect();
    const x = box.left + ((empty + next + 0.4) / capacity) * box.width;
    tooltip.value = { x, y: box.bottom + 6, at: picked.at, text: picked.text };
  };
  const hide = (): void => {
    chosen.value = null;
    tooltip.value = null;
  };
  const onPointer = (event: PointerEvent): void => {
    const target = event.currentTarget as Element;
    const box = target.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * capacity) - empty;
    if (at < 0) hide();
    else show(target, at);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = keySteps[event.key];
    if (event.key === "Escape") hide();
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    show(event.currentTarget as Element, (index ?? cells.length) + step);
  };

  return (
    <div
      class="strip"
      aria-label={`Beats of ${agent.name}: ${summary}`}
      {...(walkable
        ? {
            role: "slider",
            tabIndex: 0,
            "aria-readonly": "true",
            "aria-valuemin": 0,
            "aria-valuemax": Math.max(0, cells.length - 1),
            "aria-valuenow": index ?? Math.max(0, cells.length - 1),
            "aria-valuetext": cell ? `${spellLocal(cell.at, now.peek(), true)}: ${cell.text}` : summary,
          }
        : { role: "img" })}
      onPointerMove={onPointer}
      onPointerDown={onPointer}
      onPointerLeave={hide}
      onKeyDown={onKeyDown}
      onBlur={hide}
    >
      <StripDrawing cells={cells} capacity={capacity} chosen={index} />
    </div>
  );
}

const keySteps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

/** Each kind has a shape of its own: [top, height] of the pieces of its bar. */
const shapes: Readonly<Record<CellKind, readonly (readonly [number, number])[]>> = {
  ok: [[5, 14]],
  phase: [[9, 6]],
  warning: [
    [5, 6],
    [13, 6],
  ],
  error: [[1, 22]],
  dear: [
    [0, 4],
    [6, 18],
  ],
  late: [
    [5, 2],
    [17, 2],
  ],
  gap: [[11, 2]],
  due: [
    [5, 3],
    [10.5, 3],
    [16, 3],
  ],
};
const kinds = Object.keys(shapes) as CellKind[];

interface StripDrawingProps {
  readonly cells: readonly StripCell[];
  readonly capacity: number;
  readonly chosen: number | null;
}

function StripDrawing({ cells, capacity, chosen }: StripDrawingProps): JSX.Element {
  const empty = capacity - cells.length;
  return (
    <svg viewBox={`0 0 ${capacity * pitch - (pitch - width)} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="cell-empty" d={Array.from({ length: empty }, (_, i) => bar(i, [[11, 2]])).join("")} />
      {kinds.map((kind) => (
        <path key={kind} class={`cell-${kind}`} d={pathOf(cells, kind, empty)} />
      ))}
      {chosen !== null && (
        <path
          class="cell-chosen"
          d={bar(empty + chosen, [
            [0, 1.5],
            [height - 1.5, 1.5],
          ])}
        />
      )}
    </svg>
  );
}

/** One path per kind keeps a strip at a handful of nodes, whatever the size of the fleet. */
function pathOf(cells: readonly StripCell[], kind: CellKind, offset: number): string {
  return cells.map((cell, index) => (cell.kind === kind ? bar(offset + index, shapes[kind]) : "")).join("");
}

function bar(slot: number, pieces: readonly (readonly [number, number])[]): string {
  return pieces.map(([top, size]) => `M${slot * pitch} ${top}h${width}v${size}h-${width}z`).join("");
}

// uPlot draws on a canvas, which knows no CSS: the colours are read from the page's custom properties when they are
// needed, and the plot is drawn again when the viewer's light or dark changes.

import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { BeatView } from "../api-types.ts";
import { chartData, chartRange, logSplits, type ChartData } from "../chart-data.ts";
import { spellShortCount } from "../spell-number.ts";

interface TokenPlotProps {
  /** Oldest first. */
  readonly beats: readonly BeatView[];
  readonly scale: "log" | "linear";
  /** The plot in a sentence. */
  readonly label: string;
  /** Written: the index of the beat under the cursor, or null. */
  readonly pointed: Signal<number | null>;
}

/** Beside the plot, for the names of the lines. */
const labelRoom = 76;
const keySteps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };

export function TokenPlot({ beats, scale, label, pointed }: TokenPlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef<ChartData>(chartData([], scale));

  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const range = (): [number, number] => {
      const [low, high] = chartRange(data.current, scale);
      return [low, high];
    };
    const made = new uPlot(plotOptions(host, scale, range, pointed), columns(data.current), host);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: host.clientHeight }));
    resized.observe(host);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = (): void => made.redraw(false);
    dark.addEventListener("change", redraw);
    return () => {
      dark.removeEventListener("change", redraw);
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [scale, pointed]);

  useEffect(() => {
    data.current = chartData(beats, scale);
    plot.current?.setData(columns(data.current));
  }, [beats, scale]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = keySteps[event.key];
    const made = plot.current;
    if (step === undefined || !made || beats.length === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(beats.length - 1, (pointed.value ?? beats.length - 1) + step));
    made.setCursor({ left: made.valToPos(data.current.times[next] ?? 0, "x"), top: 0 });
    pointed.value = next;
  };
  return <div class="plot" ref={box} role="img" tabIndex={0} aria-label={label} onKeyDown={onKeyDown} />;
}

function columns(data: ChartData): uPlot.AlignedData {
  return [data.times, data.tokens, data.baseline, data.alarm];
}

function plotOptions(
  host: HTMLElement,
  scale: "log" | "linear",
  range: () => [number, number],
  pointed: Signal<number | null>,
): uPlot.Options {
  const css = (name: string): string => getComputedStyle(host).getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: () => css("--muted"),
    font: `12px ${getComputedStyle(host).fontFamily}`,
    grid: { stroke: () => css("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: host.clientWidth,
    height: host.clientHeight,
    legend: { show: false },
    padding: [12, labelRoom, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    // The values of `Distr` are an ambient const enum, which a module compiled by itself cannot read: 1 linear, 3 log.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
    scales: { y: { distr: scale === "log" ? 3 : 1, range } },
    axes: [
      { ...axis, size: 30, space: 72, incrs: timeSteps, values: timeValues },
      { ...axis, size: 52, ...tokenSplits(scale), values: tokenValues },
    ],
    series: [
      {},
      {
        label: "tokens",
        stroke: () => css("--accent"),
        fill: () => css("--accent-faint"),
        width: 1.5,
        points: { show: (u) => u.data[0].length <= 120, size: 4, fill: () => css("--accent") },
      },
      { label: "usual", stroke: () => css("--muted"), width: 1.25, dash: [5, 4], points: { show: false } },
      { label: "10×", stroke: () => css("--down"), width: 1.25, dash: [2, 4], points: { show: false } },
    ],
    hooks: {
      setCursor: [(u) => (pointed.value = u.cursor.idx ?? null)],
      draw: [(u) => drawDear(u, css), (u) => drawLabels(u, css)],
    },
  };
}

/** Cycles above the alarm are dots of their own: one among five hundred would else be a hair in a line. */
function drawDear(u: uPlot, css: (name: string) => string): void {
  const [times, tokens = [], , alarms = []] = u.data;
  const ratio = uPlot.pxRatio;
  u.ctx.save();
  u.ctx.fillStyle = css("--down");
  for (const [index, time] of times.entries()) {
    const value = tokens[index];
    const alarm = alarms[index];
    if (value === null || value === undefined || alarm === null || alarm === undefined || value <= alarm) continue;
    u.ctx.beginPath();
    u.ctx.arc(u.valToPos(time, "x", true), u.valToPos(value, "y", true), 3 * ratio, 0, 2 * Math.PI);
    u.ctx.fill();
  }
  u.ctx.restore();
}

/** The lines are named where they end, so that no legend has to be matched by colour. */
function drawLabels(u: uPlot, css: (name: string) => string): void {
  const names: readonly [number, string, string][] = [
    [2, "usual", "--muted"],
    [3, "10 × usual", "--down"],
  ];
  const ratio = uPlot.pxRatio;
  u.ctx.save();
  u.ctx.font = `${11 * ratio}px ${css("--font")}`;
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "middle";
  for (const [series, name, colour] of names) {
    const value = Array.from(u.data[series] ?? []).findLast((one) => one !== null && one !== undefined);
    if (value === undefined) continue;
    u.ctx.fillStyle = css(colour);
    u.ctx.fillText(name, u.bbox.left + u.bbox.width + 6 * ratio, u.valToPos(value, "y", true));
  }
  u.ctx.restore();
}

/** On a logarithm 1, 2 and 5 of every power of ten, or fewer where that would crowd; else as uPlot does it. */
function tokenSplits(scale: "log" | "linear"): Pick<uPlot.Axis, "splits" | "filter"> {
  if (scale === "linear") return {};
  return {
    splits: (u) => logSplits(u.scales["y"]?.min ?? 1, u.scales["y"]?.max ?? 10),
    // uPlot would replace what it finds crowded by null; there are few enough.
    filter: (_, splits) => splits,
  };
}

function tokenValues(_: uPlot, splits: number[]): string[] {
  return splits.map(spellShortCount);
}

/** Seconds between two ticks of time: round parts of minutes, hours and days. */
const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
].concat([2, 4, 7, 14, 28, 56, 112, 224, 448].map((days) => days * 86_400));

/** Times of day, 24 hours; the date where the day begins. */
function timeValues(_: uPlot, splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((seconds) => {
    const at = new Date(seconds * 1_000);
    const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
    if (midnight) return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    return at.toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      ...(step < 60 ? { second: "2-digit" } : {}),
    });
  });
}

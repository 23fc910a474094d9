import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { AgentDetail } from "../agent-detail.ts";
import type { AgentView, BeatView } from "../api-types.ts";
import { describeChart } from "../chart-data.ts";
import { spellCount } from "../spell-number.ts";
import { spellDuration } from "../spell-time.ts";
import type { TokenPlot } from "./token-plot.tsx";
import { LocalTime } from "./time.tsx";

interface CycleChartProps {
  readonly agent: AgentView;
  readonly detail: AgentDetail;
}

/** Tokens per cycle with its baseline and the line at ten times of it; live, and paged back in time. */
export function CycleChart({ agent, detail }: CycleChartProps): JSX.Element {
  const scale = useSignal<"log" | "linear">("log");
  const pointed = useSignal<number | null>(null);
  const beats = detail.cycles.value ?? [];
  const Plot = usePlot();
  return (
    <section class="panel" aria-labelledby="cycles-title">
      <div class="section-head">
        <h2 id="cycles-title">Tokens per cycle</h2>
        <label class="toggle">
          <input
            type="checkbox"
            checked={scale.value === "log"}
            onChange={(event) => {
              scale.value = event.currentTarget.checked ? "log" : "linear";
            }}
          />
          Logarithmic
        </label>
      </div>
      <Readout beats={beats} pointed={pointed} agent={agent} />
      {Plot ? (
        <Plot beats={beats} scale={scale.value} label={describeChart(beats, spellCount)} pointed={pointed} />
      ) : (
        <div class="plot" />
      )}
      <Pager detail={detail} beats={beats} />
    </section>
  );
}

/** The plot's library is half of the page's code and only this page needs it, so it is fetched when it is wanted. */
function usePlot(): typeof TokenPlot | null {
  const plot = useSignal<{ readonly component: typeof TokenPlot } | null>(null);
  useEffect(() => {
    void import("./token-plot.tsx").then((module) => {
      plot.value = { component: module.TokenPlot };
    });
  }, [plot]);
  return plot.value?.component ?? null;
}

interface ReadoutProps {
  readonly beats: readonly BeatView[];
  readonly pointed: Signal<number | null>;
  readonly agent: AgentView;
}

/** The cycle that is pointed at, else the last one. */
function Readout({ beats, pointed, agent }: ReadoutProps): JSX.Element {
  const beat = beats[pointed.value ?? beats.length - 1];
  if (!beat) return <p class="readout muted">No cycles yet.</p>;
  const baseline = beat.baseline ?? agent.baseline_tokens;
  const above = baseline !== null && beat.tokens > 10 * baseline;
  return (
    <p class="readout">
      <b class={above ? "readout-dear" : ""}>{spellCount(beat.tokens)}</b>
      <span>
        {baseline === null
          ? "learning what is usual"
          : `${timesWords(beat.tokens / baseline)} the usual ${spellCount(baseline)}`}
      </span>
      <LocalTime iso={beat.at} seconds />
      {beat.cycle_ms !== null && <span>{spellDuration(beat.cycle_ms)}</span>}
      {beat.cycle_kind !== null && <span>{beat.cycle_kind}</span>}
      {beat.status !== "ok" && <span>{beat.status.replaceAll("_", " ")}</span>}
    </p>
  );
}

/** 0.84 → "0.8 ×", 23.2 → "23 ×". */
function timesWords(times: number): string {
  return `${times < 10 ? Number(times.toFixed(1)) : spellCount(times)} ×`;
}

interface PagerProps {
  readonly detail: AgentDetail;
  readonly beats: readonly BeatView[];
}

function Pager({ detail, beats }: PagerProps): JSX.Element {
  const [first] = beats;
  const last = beats.at(-1);
  const live = detail.back.value.length === 0;
  return (
    <div class="pager">
      <div class="buttons">
        <button
          type="button"
          class="quiet"
          disabled={detail.olderCursor.value === null}
          onClick={() => void detail.older()}
        >
          <span aria-hidden="true">←</span> Earlier
        </button>
        <button type="button" class="quiet" disabled={live} onClick={() => void detail.newer()}>
          Later <span aria-hidden="true">→</span>
        </button>
        <button type="button" class="quiet" disabled={live} onClick={() => void detail.latest()}>
          Now
        </button>
      </div>
      {first && last && (
        <span class="muted">
          {spellCount(beats.length)} cycles, <LocalTime iso={first.at} /> to{" "}
          {live ? "now" : <LocalTime iso={last.at} />}
        </span>
      )}
    </div>
  );
}

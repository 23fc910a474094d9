import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentDetail } from "../agent-detail.ts";
import type { AgentView, BeatView } from "../api-types.ts";
import { describeChart } from "../chart-data.ts";
import { spellCount } from "../spell-number.ts";
import { TokenPlot } from "./token-plot.tsx";
import { LocalTime } from "./time.tsx";

/** Tokens per cycle with its baseline and the line at ten times of it; live, and paged back in time. */
export function CycleChart({
  agent,
  detail,
}: {
  readonly agent: AgentView;
  readonly detail: AgentDetail;
}): JSX.Element {
  const scale = useSignal<"log" | "linear">("log");
  const pointed = useSignal<number | null>(null);
  const beats = detail.cycles.value ?? [];
  return (
    <section aria-labelledby="cycles-title">
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
      <p class="readout">
        <Readout beat={beats[pointed.value ?? beats.length - 1]} agent={agent} />
      </p>
      <TokenPlot beats={beats} scale={scale.value} label={describeChart(beats, spellCount)} pointed={pointed} />
      <Pager detail={detail} beats={beats} />
    </section>
  );
}

function Readout({ beat, agent }: { readonly beat: BeatView | undefined; readonly agent: AgentView }): JSX.Element {
  if (!beat) return <span class="muted">No cycles yet.</span>;
  const baseline = beat.baseline ?? agent.baseline_tokens;
  return (
    <>
      <LocalTime iso={beat.at} seconds /> <b>{spellCount(beat.tokens)}</b>
      <span class="muted">
        {baseline === null
          ? " · learning what is usual"
          : ` · usual ${spellCount(baseline)} · 10× is ${spellCount(baseline * 10)}`}
        {beat.cycle_kind !== null && ` · ${beat.cycle_kind}`}
        {beat.status !== "ok" && ` · ${beat.status.replaceAll("_", " ")}`}
      </span>
    </>
  );
}

function Pager({ detail, beats }: { readonly detail: AgentDetail; readonly beats: readonly BeatView[] }): JSX.Element {
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

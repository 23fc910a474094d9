import {
  alarmTokens,
  baselineTokens,
  historyOf,
  MINUTE,
  type AgentSettings,
  type AgentState,
  type IncidentKind,
  type Ms,
} from "@midwatch/core";
import type { AgentView } from "@midwatch/protocol";
import type { AgentOverrides, AgentRow } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { Census } from "../ledger/census.ts";
import type { SettingsOf } from "../settings.ts";
import { agentView } from "./agent-view.ts";
import { startOfDay } from "./local-day.ts";

export interface AgentPresenter {
  /** A row of the store. */
  row(row: AgentRow): AgentView;
  /** A state that was just written. */
  state(facts: {
    readonly id: number;
    readonly state: AgentState;
    readonly settings: AgentSettings;
    readonly overrides: AgentOverrides;
  }): AgentView;
}

const noIncidents: ReadonlyMap<IncidentKind, number> = new Map();

/** Shows agents with what the census knows of them: ids of open incidents and the restarts of the local day. */
export function createPresenter(given: {
  readonly census: Census;
  readonly settingsOf: SettingsOf;
  readonly clock: Clock;
  readonly timeZone: string;
}): AgentPresenter {
  const { census, settingsOf, clock, timeZone } = given;
  let today: { readonly from: Ms; readonly until: Ms } = { from: 0, until: 0 };

  function dayStart(): Ms {
    const now = clock.now();
    // Asking for the start of the day costs a calendar; the answer holds for a quarter of an hour, which no time zone cuts.
    if (now < today.from || now >= today.until) {
      const quarter = 15 * MINUTE;
      today = { from: startOfDay(now, timeZone), until: (Math.floor(now / quarter) + 1) * quarter };
    }
    return today.from;
  }

  const show: AgentPresenter["state"] = ({ id, state, settings, overrides }) => {
    const history = historyOf(state.cost, census.get(state.name)?.cycleKind ?? firstKind(state));
    return agentView({
      id,
      state,
      settings,
      overrides,
      incidentIds: census.get(state.name)?.incidents ?? noIncidents,
      restartsToday: census.restartsSince(state.name, dayStart()),
      baselineTokens: baselineTokens(history, settings.cost),
      alarmTokens: alarmTokens(history, settings.cost),
      now: clock.now(),
    });
  };
  return {
    row: (row) => show({ id: row.id, state: row.state, settings: settingsOf(row.overrides), overrides: row.overrides }),
    state: show,
  };
}

/** Before the first beat of this process nobody knows which kind of cycle ran last. */
function firstKind(state: AgentState): string | null {
  return Object.keys(state.cost.kinds)[0] ?? null;
}

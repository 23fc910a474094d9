// Everything that comes in from whoever meters calls outside an agent's loop, and what they are told.

import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Log } from "../log.ts";
import type { Pricing } from "../pricing/pricing.ts";
import type { SettingsOf } from "../settings.ts";
import { refusalOfUnknown } from "../telemetry/refusal-of-unknown.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import { MeterIntake } from "./meter-intake.ts";
import type { SharedBudgets } from "./shared-budgets.ts";
import { StandingsBook } from "./standings.ts";
import { createUsageMeter, type UsageMeter } from "./usage-meter.ts";

export interface Metering {
  readonly shared: SharedBudgets;
  readonly standings: StandingsBook;
  readonly meterIntake: MeterIntake;
  readonly telemetry: Telemetry;
}

export interface MeteringDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly shared: SharedBudgets;
  readonly pricing: Pricing;
  readonly strict: boolean;
  /** A test's own; else what is metered goes into the ledger. */
  readonly usageMeter?: UsageMeter | undefined;
}

export function createMetering(deps: MeteringDeps): Metering {
  const { store, clock, log, ledger, shared, pricing, strict } = deps;
  const standings = new StandingsBook(shared);
  for (const listener of [shared, standings]) ledger.listen(listener);
  const usage = deps.usageMeter ?? createUsageMeter({ ledger, clock, priceCall: pricing.priceCall, strict });
  const refusalOf = refusalOfUnknown({ census: ledger.census, strict });
  return {
    shared,
    standings,
    meterIntake: new MeterIntake({ store, clock, log, usage, shared }),
    telemetry: createTelemetry({ store, meter: usage, clock, log, refusalOf }),
  };
}

/** Reads the ledger, and with it, agent by agent, who is held and what is spent. */
export async function loadWithLedger(
  { shared, standings }: Metering,
  ledger: Ledger,
  settingsOf: SettingsOf,
): Promise<void> {
  await shared.load(ledger);
  await ledger.load((row) => {
    shared.note(row);
    standings.note(row.state, settingsOf(row.overrides));
  });
  await shared.recall();
}

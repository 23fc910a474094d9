import type { Price } from "@midwatch/core";
import type { TokenRates } from "./token-rates.ts";

/** What one model costs, and who says so. */
export interface Tariff {
  readonly by: Exclude<Price["by"], "reported">;
  readonly version: string;
  /** At this moment, in milliseconds: prices change by the day, and some by the hour. Null: it is not sold by the token. */
  ratesAt(at: number): TokenRates | null;
}

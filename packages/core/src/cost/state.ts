import type { Ms } from "../time.ts";
import type { KindHistory } from "./history.ts";

/** What is known of an agent's cost: one history per kind of cycle, and the cycle that is still open. */
export interface CostState {
  /** By cycle kind; cycles without a kind are filed under the empty string. At most 8 kinds, the rest share one. */
  readonly kinds: Readonly<Record<string, KindHistory>>;
  /** A numbered cycle whose end has not been seen. */
  readonly open: { readonly cycle: number; readonly kind: string; readonly tokens: number } | null;
  /** Metered from outside the loop in the cycle that runs, and not in `open`. */
  readonly metered: number;
  /** Of an agent that never beats a cycle is a minute: the one that runs. */
  readonly minute: { readonly from: Ms; readonly tokens: number } | null;
}

export const emptyCostState: CostState = { kinds: {}, open: null, metered: 0, minute: null };

import type { KindHistory } from "./history.ts";

/** What is known of an agent's cost: one history per kind of cycle, and the cycle that is still open. */
export interface CostState {
  /** By cycle kind; cycles without a kind are filed under the empty string. At most 8 kinds, the rest share one. */
  readonly kinds: Readonly<Record<string, KindHistory>>;
  /** A numbered cycle whose end has not been seen. */
  readonly open: { readonly cycle: number; readonly kind: string; readonly tokens: number } | null;
}

export const emptyCostState: CostState = { kinds: {}, open: null };

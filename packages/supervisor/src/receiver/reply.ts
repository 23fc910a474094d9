import type { BeatAnswer } from "@midwatch/protocol";
import type { Refusal } from "./refusal.ts";

/** What one beat is answered with. */
export type Reply =
  { readonly ok: true; readonly answer: BeatAnswer } | { readonly ok: false; readonly refusal: Refusal };

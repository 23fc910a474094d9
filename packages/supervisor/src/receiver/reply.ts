import type { BeatAnswer, Refusal } from "@midwatch/protocol";

/** What one beat is answered with. */
export type Reply =
  { readonly ok: true; readonly answer: BeatAnswer } | { readonly ok: false; readonly refusal: Refusal };

/** A summary and what it took. */
export interface Summary {
  readonly text: string;
  /** Who wrote it, for the reader of the summary. */
  readonly by: string;
  /** A provider's answer, or a row of usage: whatever `cycle.usage()` understands. */
  readonly usage: unknown;
}

/** `local` needs no network and no patience; a model is asked and may take its time. */
export interface Summariser {
  readonly kind: "local" | "model";
  readonly summarise: (text: string) => Promise<Summary>;
}

import { signal } from "@preact/signals";

/** The one tooltip of the page: beneath a point of the window, or absent. */
export interface Tooltip {
  readonly x: number;
  readonly y: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export const tooltip = signal<Tooltip | null>(null);

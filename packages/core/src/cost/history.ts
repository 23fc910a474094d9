/** Stand-in shape until the detector is written. */
export interface KindHistory {
  readonly accepted: number;
}

/** Whoever ends what a test has started: the test itself, or the whole file. */
export interface Cleanup {
  after(run: () => unknown): void;
}

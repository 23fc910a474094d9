/** What one benchmark found, against what it aims at. */
export interface Finding {
  readonly what: string;
  readonly measured: string;
  readonly aim: string;
  readonly met: boolean;
}

export type Bench = (args: string[]) => Promise<readonly Finding[]>;

export function spellCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function spellMs(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
}

/** The smallest value that at least `part` of the values do not exceed. Sorts in place. */
export function quantile(values: Float64Array | number[], part: number): number {
  values.sort((a: number, b: number) => a - b);
  return values[Math.min(values.length - 1, Math.ceil(values.length * part) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile([...values], 0.5);
}

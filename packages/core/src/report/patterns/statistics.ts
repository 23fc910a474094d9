// What the slow patterns rest on. All of it goes by order and not by size, so that one wild day decides nothing.

/** The middle one; of an even number, the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? NaN : (low + high) / 2;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Theil–Sen: the median of the slopes between all pairs. Points in order of x, no x twice. NaN of fewer than two. */
export function theilSenSlope(points: readonly Point[]): number {
  return median(points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.y - a.y) / (b.x - a.x))));
}

/**
 * Mann–Kendall: how likely so much rising would be if the order were chance, one-sided, by the normal approximation with
 * correction for ties. Good from about 10 values on; 1 of fewer than 3 or when all are equal.
 */
export function chanceOfRise(values: readonly number[]): number {
  const n = values.length;
  if (n < 3) return 1;
  let score = 0;
  values.forEach((a, i) => {
    for (const b of values.slice(i + 1)) score += Math.sign(b - a);
  });
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const spread = (count: number): number => count * (count - 1) * (2 * count + 5);
  const tied = [...ties.values()].reduce((sum, count) => sum + spread(count), 0);
  const variance = (spread(n) - tied) / 18;
  if (variance <= 0 || score <= 0) return 1;
  return upperTail((score - 1) / Math.sqrt(variance));
}

/** P(Z > z) of the standard normal, for z ≥ 0. Abramowitz and Stegun 7.1.26; the error is below 1.5e-7. */
function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.max(0, (poly * Math.exp(-x * x)) / 2);
}

/**
 * A scan on the circle: how likely it would be that `inside` or more of `all` moments, each anywhere on the circle, fit into some
 * window of this share of it. An upper bound (of `all` windows that begin at a moment, any), good while it is small.
 */
export function chanceOfCluster(counts: { readonly inside: number; readonly all: number }, share: number): number {
  const { inside, all } = counts;
  let ways = all;
  for (let chosen = 1; chosen < inside; chosen += 1) ways *= (all - chosen) / chosen;
  return Math.min(1, ways * share ** (inside - 1));
}

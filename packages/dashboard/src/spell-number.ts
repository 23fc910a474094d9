/** 1234567 → "1,234,567", the same in every locale, because logs and alerts write it so too. */
export function spellCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** For axes and tight places: 950 → "950", 17,900 → "17.9k", 40,000 → "40k", 2,500,000 → "2.5M". */
export function spellShortCount(count: number): string {
  const steps: [number, string][] = [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  for (const [size, suffix] of steps) {
    // 999.6 rounds to 1000 and 999,960 to 1000.0k; both belong to the next step.
    if (count >= size * 0.9995) return `${Number((count / size).toFixed(1))}${suffix}`;
  }
  return count >= 10 || Number.isInteger(count) ? Math.round(count).toString() : Number(count.toFixed(2)).toString();
}

/** Dollars with cents, or with as many digits as a fraction of a cent needs. */
export function spellUsd(usd: number): string {
  if (usd === 0) return "$0.00";
  if (usd < 0.000_001) return "< $0.000001";
  if (usd < 0.01) return `$${Number(usd.toPrecision(2)).toFixed(6).replace(/0+$/, "")}`;
  const [whole = "0", cents = "00"] = usd.toFixed(2).split(".");
  return `$${spellCount(Number(whole))}.${cents}`;
}

/** 1 → "1 beat", 3 → "3 beats". */
export function spellSome(count: number, one: string, many = `${one}s`): string {
  return `${spellCount(count)} ${count === 1 ? one : many}`;
}

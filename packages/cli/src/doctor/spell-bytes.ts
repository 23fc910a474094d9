const units = ["bytes", "KB", "MB", "GB", "TB"];

/** 1234567 → "1.2 MB". */
export function spellBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 2 ** (10 * power);
  return `${amount < 10 && power > 0 ? amount.toFixed(1).replace(/\.0$/, "") : Math.round(amount)} ${units[power] ?? ""}`;
}

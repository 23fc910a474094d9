import { count, MAX_COUNT, type UsageRow } from "./usage-shapes.ts";

/** Most rows in one beat, as the wire has it. */
const MAX_ROWS = 64;

interface Used {
  /** Plain tokens plus input and output of the rows. */
  readonly tokens: number;
  readonly rows: readonly UsageRow[];
}

/** What was used and not yet put into a beat. Taking empties it, so that nothing is told twice. */
export class Tally {
  #plain = 0;
  #rows: UsageRow[] = [];

  /** False for what is no number from 0, which counts nothing. */
  tokens(number: number): boolean {
    this.#plain = Math.min(MAX_COUNT, this.#plain + count(number));
    return typeof number === "number" && number >= 0;
  }

  row(row: UsageRow): void {
    const rows = withRow(this.#rows, row);
    // One model too many for the wire: its tokens still count.
    if (rows === null) this.tokens(row.input_tokens + row.output_tokens);
    else this.#rows = rows;
  }

  get isEmpty(): boolean {
    return this.#plain === 0 && this.#rows.length === 0;
  }

  take(): Used {
    const used = { tokens: Math.min(MAX_COUNT, this.#plain + rowTokens(this.#rows)), rows: this.#rows };
    this.#plain = 0;
    this.#rows = [];
    return used;
  }
}

/** Adds up two lists of rows; what does not fit is left out, which only ever costs detail: `tokens_used` is counted apart. */
export function mergeRows(first: readonly UsageRow[], second: readonly UsageRow[]): readonly UsageRow[] {
  let rows = [...first];
  for (const row of second) rows = withRow(rows, row) ?? rows;
  return rows;
}

/** Rows of one model are added up, but never a priced one with an unpriced one: half a price is no price. */
function withRow(rows: UsageRow[], row: UsageRow): UsageRow[] | null {
  const priced = row.cost_usd !== undefined;
  const index = rows.findIndex(
    (other) =>
      other.provider === row.provider && other.model === row.model && (other.cost_usd !== undefined) === priced,
  );
  const before = rows[index];
  if (before !== undefined) return rows.with(index, sum(before, row));
  return rows.length < MAX_ROWS ? [...rows, row] : null;
}

function sum(a: UsageRow, b: UsageRow): UsageRow {
  const add = (x: number, y: number): number => Math.min(MAX_COUNT, x + y);
  return {
    ...a,
    input_tokens: add(a.input_tokens, b.input_tokens),
    output_tokens: add(a.output_tokens, b.output_tokens),
    cache_read_tokens: add(a.cache_read_tokens, b.cache_read_tokens),
    cache_write_tokens: add(a.cache_write_tokens, b.cache_write_tokens),
    reasoning_tokens: add(a.reasoning_tokens, b.reasoning_tokens),
    calls: add(a.calls, b.calls),
    ...(a.cost_usd === undefined || b.cost_usd === undefined ? {} : { cost_usd: a.cost_usd + b.cost_usd }),
  };
}

function rowTokens(rows: readonly UsageRow[]): number {
  return rows.reduce((tokens, row) => tokens + row.input_tokens + row.output_tokens, 0);
}

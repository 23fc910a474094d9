// `npm run bench -- detect [FILES…]`: how often the cost detector raises a false alarm, and how soon a true one, beside
// the plain rules it replaces. Files are CSV with the columns ContextTokens and GeneratedTokens, or one number per line;
// a generated corpus is always there too.

import { aims } from "./detect/aims.ts";
import { evenAndUneven } from "./detect/bases.ts";
import { beatCases } from "./detect/beat-cases.ts";
import { quietCases } from "./detect/quiet-cases.ts";
import { Results } from "./detect/results.ts";
import { printDetails, printSummary } from "./detect/tables.ts";
import { readTrace } from "./detect/trace.ts";
import { troubleCases } from "./detect/trouble-cases.ts";
import { weighHistories } from "./detect/weight.ts";
import type { Bench } from "./finding.ts";

const seed = 20_261_124;

export const run: Bench = (args) => {
  const traces = args.map(readTrace);
  if (traces.length === 0) {
    console.log(
      "No traces were given, so only generated series are judged. Give CSV files to see real ones, for example the public " +
        "Azure LLM inference traces: npm run bench -- detect FILE.csv …",
    );
  }
  const bases = [...evenAndUneven(seed), ...traces];
  console.log(`Seed ${seed}. Trouble is put into: ${bases.map(({ name }) => name).join(", ")}.`);
  const results = new Results();
  for (const cases of [quietCases(seed, traces), troubleCases(seed, bases), beatCases(seed)])
    for (const one of cases) results.add(one);
  printSummary(results);
  printDetails(results);
  return Promise.resolve([...aims(results), weighHistories(bases)]);
};

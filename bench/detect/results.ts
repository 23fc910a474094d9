import { ruleNames, type RuleName } from "./rules.ts";
import { addCase, addScores, emptyScore, type Case, type Score } from "./score.ts";

/** The scores of all rules, by corpus and by name within it, in the order in which they came. */
export class Results {
  readonly #scores = new Map<string, Map<string, Map<RuleName, Score>>>();

  add(one: Case): void {
    const ofCorpus = this.#scores.get(one.corpus) ?? new Map<string, Map<RuleName, Score>>();
    this.#scores.set(one.corpus, ofCorpus);
    const ofName = ofCorpus.get(one.name) ?? new Map<RuleName, Score>();
    ofCorpus.set(one.name, ofName);
    for (const rule of ruleNames) {
      const score = ofName.get(rule) ?? emptyScore();
      ofName.set(rule, score);
      addCase(score, one, rule);
    }
  }

  corpora(): readonly string[] {
    return [...this.#scores.keys()];
  }

  names(corpus: string): readonly string[] {
    return [...(this.#scores.get(corpus)?.keys() ?? [])];
  }

  one(corpus: string, name: string, rule: RuleName): Score {
    return this.#scores.get(corpus)?.get(name)?.get(rule) ?? emptyScore();
  }

  total(corpus: string, rule: RuleName): Score {
    return addScores(this.names(corpus).map((name) => this.one(corpus, name, rule)));
  }

  totalOf(corpora: readonly string[], rule: RuleName): Score {
    return addScores(corpora.map((corpus) => this.total(corpus, rule)));
  }
}

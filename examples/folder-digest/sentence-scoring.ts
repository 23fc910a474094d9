// The stand-in for a model, so that the example works without a key: it summarises by leaving out. A sentence is worth as
// much as its words are frequent in the whole text, and the best few are kept in their order. Nothing is understood, yet
// for notes of a page the result is fit to read.

import type { Summariser } from "./summary.ts";

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });
const words = new Intl.Segmenter("en", { granularity: "word" });

/** Words of fewer letters carry little: "the", "and", "was". */
const shortestWord = 4;
/** A rule of thumb for English: three words are about four tokens. */
const tokensPerWord = 4 / 3;

export const sentenceScoring: Summariser = {
  kind: "local",
  summarise: (text) => {
    const summary = bestSentences(text, 2);
    return Promise.resolve({
      text: summary,
      by: "sentence scoring, tokens estimated from the words",
      usage: { ...estimatedTokens(text, summary), provider: "local", model: "sentence-scoring" },
    });
  },
};

/** The sentences that say most of what the text says, in their order. */
export function bestSentences(text: string, count: number): string {
  const all = sentencesOf(text);
  const frequency = new Map<string, number>();
  for (const word of all.flatMap(wordsOf)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const scored = all.map((sentence, place) => {
    const own = wordsOf(sentence);
    const sum = own.reduce((total, word) => total + (frequency.get(word) ?? 0), 0);
    // Divided by the root of the length: by the length itself, the shortest sentence always wins.
    return { sentence, place, score: own.length === 0 ? 0 : sum / Math.sqrt(own.length) };
  });
  return scored
    .toSorted((a, b) => b.score - a.score)
    .slice(0, count)
    .toSorted((a, b) => a.place - b.place)
    .map(({ sentence }) => sentence)
    .join(" ");
}

/** What a model would have counted, roughly. There is no model, so this is a measure of work and not of money. */
export function estimatedTokens(prompt: string, answer: string): { input_tokens: number; output_tokens: number } {
  const tokens = (text: string): number => Math.round(text.split(/\s+/).filter(Boolean).length * tokensPerWord);
  return { input_tokens: tokens(prompt), output_tokens: tokens(answer) };
}

/** Paragraph by paragraph, without headings. */
function sentencesOf(text: string): readonly string[] {
  const paragraphs = text.split(/\n\s*\n/).filter((paragraph) => /[.!?]\s*$/.test(paragraph));
  const found = paragraphs.flatMap((paragraph) =>
    [...sentences.segment(paragraph.replace(/\s+/g, " "))].map(({ segment }) => segment.trim()),
  );
  return found.length > 0 ? found : [text.replace(/\s+/g, " ").trim().slice(0, 300)];
}

function wordsOf(sentence: string): readonly string[] {
  return [...words.segment(sentence.toLowerCase())]
    .filter(({ isWordLike, segment }) => isWordLike === true && segment.length >= shortestWord)
    .map(({ segment }) => segment);
}

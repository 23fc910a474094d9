// A small real agent: it watches a folder of text files and keeps a summary of each. New and changed files are
// summarised one a cycle, by a model when OPENAI_API_KEY or ANTHROPIC_API_KEY is set, else by scoring sentences on this
// machine. When nothing is new it re-reads one of the files in turn, which never costs money.
//
// It can be killed at any moment: a summary and the state are each written as a whole, the summary first, so the worst
// that a kill does is that one file is summarised twice.

import { join } from "node:path";
import { Midwatch, type Cycle } from "@midwatch/sdk";
import { changedNotes, listNotes, readNote, type Note } from "./inbox.ts";
import { modelFromEnvironment } from "./model.ts";
import { bestSentences, estimatedTokens, sentenceScoring } from "./sentence-scoring.ts";
import { readSettings } from "./settings.ts";
import { readState, writeState } from "./state.ts";
import { writeAtomically } from "./write-atomically.ts";

/** Says "my configuration is wrong": a supervisor does not start such a program again. */
const refusedConfiguration = 78;

const settings = readSettings(process.env);
if ("wrong" in settings) {
  console.error(settings.wrong);
  process.exit(refusedConfiguration);
}
const { inbox, out, every } = settings;
const summariser = modelFromEnvironment(process.env) ?? sentenceScoring;
const stateFile = join(out, "state.json");
let state = readState(stateFile, console.error);
/** Files whose summary has failed go to the end of the queue, so that one bad file does not hold up the others. */
const failures = new Map<string, number>();

const watch = new Midwatch({ agent: "folder-digest" });
for await (const cycle of watch.cycles({ every })) {
  const names = listNotes(inbox);
  const [next] = changedNotes(inbox, names, state).toSorted((a, b) => failuresOf(a) - failuresOf(b));
  const name = next ?? names[cycle.number % names.length];
  if (name === undefined) {
    cycle.message(`${inbox} holds no text files`);
    continue;
  }
  try {
    const note = readNote(inbox, name);
    if (next === undefined) reread(cycle, note);
    else await digest(cycle, note);
    failures.delete(name);
  } catch (error) {
    failures.set(name, failuresOf(name) + 1);
    console.error(`${name}:`, error);
    cycle.error(error);
  }
}

async function digest(cycle: Cycle, note: Note): Promise<void> {
  cycle.kind("digest");
  if (state.notes[note.name]?.sha256 === note.sha256) {
    remember(note);
    cycle.message(`${note.name} was touched, and says what it said`);
    return;
  }
  const { text, by, usage } = await summariser.summarise(note.text);
  cycle.usage(usage);
  writeAtomically(join(out, `${note.name}.summary.md`), `# ${note.name}\n\n${text}\n\n_By ${by}._\n`);
  remember(note);
  cycle.message(`digested ${note.name}: ${text}`);
}

/** Steady life between two new files. Done on this machine, so with a model behind it costs no tokens at all. */
function reread(cycle: Cycle, note: Note): void {
  cycle.kind("reread");
  const sentence = bestSentences(note.text, 1);
  if (summariser.kind === "local") cycle.usage(estimatedTokens(note.text, sentence));
  cycle.message(`nothing new; from ${note.name}: ${sentence}`);
}

function remember({ name, stamp, sha256 }: Note): void {
  const present = new Set(listNotes(inbox));
  const others = Object.entries(state.notes).filter(([other]) => other !== name && present.has(other));
  const notes = Object.fromEntries([...others, [name, { stamp, sha256, digestedAt: new Date().toISOString() }]]);
  state = { version: 1, notes };
  writeState(stateFile, state);
}

function failuresOf(name: string): number {
  return failures.get(name) ?? 0;
}

// Stands between a dead agent and its next start: an agent goes on only from state that is known to be whole.
//
//   look at every file ──could not be checked──────────────────────────────► stay down, touch nothing, ask a person
//        │ whole (a torn last line of JSON Lines is cut)      │ damaged ──► put right (below)
//        ▼                                                     │
//   died of it twice? ──yes─────────────────────────────────────┤
//        ▼ no                                                   │
//   the agent's own check ──unusable────────────────────────────┘
//        ▼ good                                                       put right, by policy: the newest good generation
//   keep a generation, start                                          takes its place, or nothing does, or ask a person
//
// A gate does one thing at a time: admitting and keeping wait for each other.

import { join } from "node:path";
import { makeFolder } from "../durable-file.ts";
import { describeError } from "../failure.ts";
import { checkByAgent } from "./agent-check.ts";
import type { FileReport } from "./examine.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { gateWorldOf, type GateWorld, type StateGateOptions } from "./gate-world.ts";
import { dropUnfinished, readGenerations, type Generation } from "./generation.ts";
import { GenerationKeeper } from "./generation-keeper.ts";
import { copyKept, dropCopy, type Begun } from "./copy-kept.ts";
import { readMemory, writeMemory, type GateMemory } from "./memory.ts";
import { judge, type Judgement } from "./poison.ts";
import { restore, startFresh, type Replaced } from "./replacement.ts";
import { isSameAsCopies, snapshotOf, type Snapshot } from "./snapshot.ts";
import { look, standingOf, type Known } from "./standing.ts";
import { admitAll, type Admission, type Crash, type StateGate } from "./state-policy.ts";
import { swap, withSides } from "./swap.ts";
import { cutTornTails } from "./torn-tail.ts";

/** Opens the gate of one agent. One that has declared neither files nor a validator is let through, and nothing is written. */
export async function openStateGate(options: StateGateOptions): Promise<StateGate> {
  const { files, validate } = options.policy;
  if (files.length === 0 && validate === null) return admitAll;
  const world = gateWorldOf(options);
  await makeFolder(world.root);
  await dropUnfinished(world.good);
  return new FileStateGate(world, options.say);
}

/** What is found out on the way to an admission. */
interface Passage {
  readonly crash: Crash | null;
  readonly fingerprint: string | null;
  readonly known: Known;
  /** The state as it was found; null when it is unusable. */
  readonly left: Snapshot | null;
  readonly notes: string[];
}

type Invalid = Extract<Admission, { fit: true }>["invalid"];

class FileStateGate implements StateGate {
  readonly #world: GateWorld;
  readonly #keeper: GenerationKeeper;
  readonly #say: (line: string) => void;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: GateWorld, say: (line: string) => void) {
    this.#world = world;
    this.#keeper = new GenerationKeeper(world);
    this.#say = say;
  }

  admit(crash: Crash | null): Promise<Admission> {
    return this.#inTurn(async () => {
      try {
        return await this.#admit(crash);
      } catch (error) {
        return unfit("its state could not be looked at", `${describeError(error)}. Nothing was changed.`);
      }
    });
  }

  keepGood(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#keepGood();
      } catch (error) {
        this.#keeper.sayNotKept(error, this.#say);
      }
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #admit(crash: Crash | null): Promise<Admission> {
    const world = this.#world;
    const { memory: read, damaged } = await readMemory(world.memory);
    const memory = crash === null ? { ...read, death: null, fallback: null } : read;
    const known = { memory, generations: await readGenerations(world.good) };
    const fingerprint = crash && fingerprintOf(crash.exit);
    const notes = damaged ? ["what was remembered of its state was damaged and has been forgotten"] : [];
    const passage: Passage = { crash, fingerprint, known, left: null, notes };
    let sight = await look(world);
    if (!sight.ok) return notChecked(sight.reason);
    let standing = await standingOf(world, sight.reports, known);
    if (standing.is === "fit" && standing.torn.length > 0) {
      notes.push(...(await cutTornTails(world, standing.torn)));
      sight = await look(world);
      if (!sight.ok) return notChecked(sight.reason);
      standing = await standingOf(world, sight.reports, known);
    }
    if (standing.is === "unsure") return notChecked(standing.reason);
    if (standing.is === "bad") return this.#replace(passage, sight.reports, standing);
    return this.#admitWhole({ ...passage, left: snapshotOf(sight.reports) }, sight.reports);
  }

  /** Every file is whole. Has the agent died of it, and what does its own check say? */
  async #admitWhole(passage: Passage, reports: readonly FileReport[]): Promise<Admission> {
    const { crash, fingerprint, known, notes } = passage;
    const now = snapshotOf(reports);
    const judged: Judgement = crash === null ? "go-on" : judge(known.memory, { runId: crash.runId, fingerprint }, now);
    if (judged === "stop" || (judged === "fall-back" && this.#world.policy.onInvalid === "stop")) {
      return this.#stopPoisoned(passage, reports);
    }
    if (judged === "fall-back" && fingerprint !== null) {
      const reason = `the agent has died twice in the same way from this state, which passes its checks (${fingerprint})`;
      const fallback = known.memory.fallback ?? { fingerprint, avoid: now };
      const memory = { ...this.#remember(passage, "fall-back"), fallback };
      const fallen = await this.#put({ ...passage, known: { ...known, memory } }, reports, { reason, paths: [] });
      if (fallen.ok) return this.#settle({ ...passage, known: { ...known, memory } }, fallen, { reason, judged });
      if (!fallen.isEmptyHanded) return unfit(reason, fallen.text);
      notes.push(`${reason}; there is no other generation to fall back to, so it is started from it once more`);
    }
    return this.#checkByAgent(passage, reports);
  }

  async #stopPoisoned(passage: Passage, reports: readonly FileReport[]): Promise<Admission> {
    const { known, fingerprint } = passage;
    await this.#write({ ...this.#remember(passage, "stop"), admitted: known.memory.admitted }, passage.notes);
    const how = fingerprint === null ? "" : ` (${fingerprint})`;
    if (known.memory.fallback !== null) {
      const reason = `the agent has died in the same way from other state as well${how}`;
      const text = `Its state is probably not to blame. What it was started from at first is in ${this.#world.quarantine}. Find the cause, put that back if you want it, and restart the agent.`;
      return unfit(reason, text);
    }
    const reason = `the agent has died twice in the same way from this state, which passes its checks${how}`;
    return unfit(reason, this.#untouched(passage, reports));
  }

  /** Where everything is, for a person who has been woken for it. */
  #untouched({ known }: Passage, reports: readonly FileReport[]): string {
    const places = reports.map(({ place }) => place).join(", ");
    const earlier = known.generations.length === 0 ? "" : ` Earlier generations are in ${this.#world.good}.`;
    return `Nothing was touched: ${places}.${earlier}`;
  }

  async #checkByAgent(passage: Passage, reports: readonly FileReport[]): Promise<Admission> {
    const world = this.#world;
    if (world.policy.validate === null) return this.#settle(passage, { reports, notes: [], text: "" }, null);
    const { memory, generations } = passage.known;
    const [newest] = generations;
    const isKept = newest !== undefined && isSameAsCopies(snapshotOf(reports), newest.files);
    const copied = isKept ? null : await copyKept(world, { check: false });
    const begun = copied?.ok === true ? copied.begun : null;
    const before = isKept ? newest : begun && { folder: begun.folder, files: begun.copy.files };
    const undo = before && ((): Promise<void> => this.#undo(reports, before));
    let isPublished = false;
    try {
      const known = { generations, memory: { ...memory, unfinished: null } };
      const checked = await checkByAgent({ world, reports, known, undo });
      if (checked.is === "unsure") {
        return unfit(
          checked.reason,
          `${checked.text}\nThe state was left as it is. Restart the agent when its validator works.`,
        );
      }
      passage.notes.push(...checked.notes);
      if (checked.is === "good") {
        isPublished = checked.isAsBefore;
        const settled = { reports: checked.reports, notes: [], text: "" };
        return await this.#settle(passage, settled, null, checked.isAsBefore ? begun : null);
      }
      const after = await look(world);
      if (!after.ok) return notChecked(after.reason);
      return await this.#replace({ ...passage, left: null }, after.reports, { reason: checked.reason, paths: [] });
    } finally {
      if (begun && !isPublished) await dropCopy(begun.folder);
    }
  }

  /** The state as it was before the validator; what the validator made of it goes to quarantine. */
  async #undo(reports: readonly FileReport[], { folder, files }: Pick<Generation, "folder" | "files">): Promise<void> {
    const world = this.#world;
    const placements = files.map((file) => ({
      ...file,
      place: reports.find(({ path }) => path === file.path)?.place ?? file.path,
      from: file.name === null ? null : join(folder, file.name),
    }));
    const away = placements.flatMap(({ path, place }) =>
      withSides(place, world.files.find((one) => one.path === path)?.check ?? "none"),
    );
    await swap(world, { placements, away, reason: "the validator changed or deleted the state without saying so" });
  }

  async #replace(
    passage: Passage,
    reports: readonly FileReport[],
    fault: { readonly reason: string; readonly paths: readonly string[] },
  ): Promise<Admission> {
    const { reason } = fault;
    if (this.#world.policy.onInvalid === "stop") {
      return unfit(reason, this.#untouched(passage, reports));
    }
    const replaced = await this.#put(passage, reports, fault);
    if (replaced.ok) return this.#settle(passage, replaced, { reason, judged: "go-on" });
    return unfit(reason, replaced.text);
  }

  async #put(
    { known }: Passage,
    reports: readonly FileReport[],
    { reason, paths }: { readonly reason: string; readonly paths: readonly string[] },
  ): Promise<Replaced> {
    const world = this.#world;
    const about = { world, reason, paths, reports, known };
    const replaced = world.policy.onInvalid === "fresh" ? await startFresh(about) : await restore(about);
    // An intention that was not carried out must not be found by the next start.
    if (!replaced.ok) await writeMemory(world.memory, { ...known.memory, unfinished: null }).catch(() => undefined);
    return replaced;
  }

  /** The state is what the agent is started from: remembers that, and keeps a generation. */
  async #settle(
    passage: Passage,
    { reports, notes, text }: Pick<Extract<Replaced, { ok: true }>, "reports" | "notes" | "text">,
    replaced: { readonly reason: string; readonly judged: Judgement } | null,
    begun: Begun | null = null,
  ): Promise<Admission> {
    const all = [...passage.notes, ...notes];
    const [newest] = passage.known.generations;
    await this.#keeper.keepAdmitted(reports, newest, { begun, say: (line) => all.push(line) });
    const there = reports.filter(({ digest }) => digest !== null).map(({ path }) => path);
    const memory = this.#remember(passage, replaced?.judged ?? "go-on");
    await this.#write({ ...memory, admitted: snapshotOf(reports), there, unfinished: null }, all);
    const action = this.#world.policy.onInvalid === "fresh" ? "fresh" : "restored";
    const invalid: Invalid = replaced && { reason: replaced.reason, action, text };
    return { fit: true, notes: all, invalid };
  }

  #remember({ crash, fingerprint, known, left }: Passage, judged: Judgement): GateMemory {
    const { memory } = known;
    if (crash === null || memory.death?.runId === crash.runId) return memory;
    return { ...memory, death: { runId: crash.runId, fingerprint, left, judged } };
  }

  async #write(memory: GateMemory, notes: string[]): Promise<void> {
    try {
      await writeMemory(this.#world.memory, memory);
    } catch (error) {
      notes.push(`what its state was could not be written down: ${describeError(error)}`);
    }
  }

  async #keepGood(): Promise<void> {
    const world = this.#world;
    const { memory } = await readMemory(world.memory);
    const wasWell = memory.death === null && memory.fallback === null;
    const there = await this.#keeper.keepProven(memory.there, this.#say);
    // It is well with this state, so whatever it died of is over.
    if (!wasWell || there.join("\n") !== memory.there.join("\n")) {
      await writeMemory(world.memory, { ...memory, there, death: null, fallback: null });
    }
  }
}

function unfit(reason: string, text: string): Admission {
  return { fit: false, reason, text };
}

function notChecked(reason: string): Admission {
  return unfit(
    `its state could not be checked: ${reason}`,
    "Nothing was changed. Put that right, and restart the agent.",
  );
}

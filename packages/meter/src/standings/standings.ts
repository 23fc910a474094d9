// Who may call: the server's last word, in memory and in a file, so that what was paused stays paused when the meter starts again and no
// server is there to ask. Before the server's first word everybody may call: a meter that keeps agents from working because nobody
// watches would be worse than none.

import { join } from "node:path";
import { isAgentName, type Standing, type Standings } from "@midwatch/protocol";
import { describeError } from "../failure.ts";
import { isObject } from "../reading/json.ts";
import { readIfThere, replaceFile } from "../spool/durable-file.ts";

const free: Standing = { directive: "continue", reason: null, until: null, budgeted: false };

export class StandingBoard {
  readonly #file: string;
  readonly #log: (line: string) => void;
  #word: Standings | null;
  #byAgent: ReadonlyMap<string, Standing>;
  #saving: Promise<void> | null = null;
  #isSaved = true;
  #saidUnsaved = false;

  private constructor(file: string, log: (line: string) => void, word: Standings | null) {
    this.#file = file;
    this.#log = log;
    this.#word = word;
    this.#byAgent = mapOf(word);
  }

  static async open(folder: string, log: (line: string) => void): Promise<StandingBoard> {
    const file = join(folder, "standings.json");
    const text = await readIfThere(file);
    const word = text === null ? null : standingsIn(parsed(text));
    if (text !== null && word === null) log(`${file} is damaged and left aside; the server's next word replaces it`);
    return new StandingBoard(file, log, word);
  }

  /** What the server's next word is compared with; null before its first one. */
  get rev(): string | null {
    return this.#word?.rev ?? null;
  }

  /** @param now In milliseconds since the epoch: a hold that ends by itself ends here, too, when no server can say so. */
  of(agent: string, now: number): Standing {
    const standing = this.#byAgent.get(agent) ?? this.#word?.others ?? free;
    const hasEnded = standing.until !== null && Date.parse(standing.until) <= now;
    return standing.directive === "pause" && hasEnded ? { ...standing, directive: "continue" } : standing;
  }

  take(word: Standings): void {
    if (word.rev === this.#word?.rev) return;
    this.#word = word;
    this.#byAgent = mapOf(word);
    this.#isSaved = false;
    this.#saving ??= this.#save();
  }

  async #save(): Promise<void> {
    while (!this.#isSaved) {
      this.#isSaved = true;
      try {
        await replaceFile(this.#file, JSON.stringify(this.#word));
        this.#saidUnsaved = false;
      } catch (error) {
        if (!this.#saidUnsaved) this.#log(`${this.#file} cannot be written: ${describeError(error)}`);
        this.#saidUnsaved = true;
      }
    }
    this.#saving = null;
  }

  async close(): Promise<void> {
    await this.#saving;
  }
}

function mapOf(word: Standings | null): ReadonlyMap<string, Standing> {
  return new Map((word?.agents ?? []).map(({ agent, ...standing }) => [agent, standing]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The server's word, or ours from the file, checked; null when it is neither. */
export function standingsIn(value: unknown): Standings | null {
  if (!isObject(value) || typeof value["rev"] !== "string" || !Array.isArray(value["agents"])) return null;
  const others = standingIn(value["others"]);
  if (others === null) return null;
  const agents = (value["agents"] as unknown[]).flatMap((one) => {
    const standing = standingIn(one);
    const agent = isObject(one) ? one["agent"] : null;
    return standing !== null && typeof agent === "string" && isAgentName(agent) ? [{ agent, ...standing }] : [];
  });
  return { rev: value["rev"], agents, others };
}

function standingIn(value: unknown): Standing | null {
  if (!isObject(value)) return null;
  const { directive, reason, until, budgeted } = value;
  if (directive !== "continue" && directive !== "pause" && directive !== "stop") return null;
  return {
    directive,
    reason: typeof reason === "string" ? reason.slice(0, 2_000) : null,
    until: typeof until === "string" && !Number.isNaN(Date.parse(until)) ? until : null,
    budgeted: budgeted === true,
  };
}

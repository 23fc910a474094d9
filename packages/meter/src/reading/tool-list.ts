import type { ToolCall } from "@midwatch/core";
import { METER_LIMITS } from "@midwatch/protocol";
import { jsonDigest, jsonTextDigest } from "@midwatch/protocol";

/** Longer arguments are not digested: a call without a digest is still a call. */
const maxArgsLength = 256 * 1024;

interface Open {
  name: string;
  args: string;
  tooLong: boolean;
}

/** The tools that an answer asks to call; in a stream the arguments come in pieces, several calls at a time. */
export class ToolList {
  readonly #done: ToolCall[] = [];
  readonly #open = new Map<string, Open>();

  /** One whose arguments are known as a value, or as a text of JSON. */
  add(name: string | null, args: unknown): void {
    if (name === null || this.#isFull()) return;
    const argsHash = typeof args === "string" ? jsonTextDigest(args) : jsonDigest(args);
    this.#done.push({ name: name.slice(0, METER_LIMITS.nameLength), argsHash });
  }

  /** A piece of one; `place` tells calls under way apart. */
  piece(place: string, name: string | null, args: string): void {
    let open = this.#open.get(place);
    if (open === undefined) {
      if (this.#isFull()) return;
      open = { name: "", args: "", tooLong: false };
      this.#open.set(place, open);
    }
    if (name !== null) open.name = name;
    if (open.args.length + args.length > maxArgsLength) open.tooLong = true;
    else open.args += args;
  }

  calls(): readonly ToolCall[] {
    const open = [...this.#open.values()]
      .filter(({ name }) => name !== "")
      .map(({ name, args, tooLong }) => ({
        name: name.slice(0, METER_LIMITS.nameLength),
        argsHash: tooLong ? null : jsonTextDigest(args),
      }));
    return [...this.#done, ...open];
  }

  #isFull(): boolean {
    return this.#done.length + this.#open.size >= METER_LIMITS.tools;
  }
}

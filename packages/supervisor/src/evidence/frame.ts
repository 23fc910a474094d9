import { basename } from "node:path";

/** One place on a stack. */
export interface Frame {
  /** Empty for code outside of any function. */
  readonly name: string;
  /** A path or URL, as the language tells it. */
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

export function describeFrame({ name, file, line, column }: Frame): string {
  const place = file === "" ? "unknown code" : `${file}:${line}${column === null ? "" : `:${column}`}`;
  return name === "" ? `(top level) ${place}` : `${name} (${place})`;
}

/** The innermost place in the agent's own code, not in a library or the language's own; else the innermost at all. */
export function ownFrame(frames: readonly Frame[]): Frame | null {
  return frames.find(({ file }) => !isLibrary(file)) ?? frames[0] ?? null;
}

function isLibrary(file: string): boolean {
  return file === "" || /^node:|^<frozen|\/node_modules\/|\/lib\/python[\d.]+\/|\/site-packages\//.test(file);
}

/** For one line: `think() at agent.mjs:12`. */
export function shortFrame({ name, file, line }: Frame): string {
  const place = file === "" ? "unknown code" : `${basename(file)}:${line}`;
  return name === "" ? place : `${name}() at ${place}`;
}

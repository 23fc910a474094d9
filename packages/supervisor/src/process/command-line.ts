// How a configured command becomes an argument list. A command that needs no shell gets none: the agent is then the
// process we hold, a missing command is refused with its name, and signals reach it directly. Anything a shell would
// interpret goes to `sh -c` as it stands.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, resolve } from "node:path";

/** A list is run as it is; a string is a command line. */
export type Command = readonly string[] | string;

const shellCharacters = /[|&;<>()$`\\*?[\]#~=%!{}\n]/;

/** First words that only a shell knows. */
const shellWords = new Set(
  ". : alias case cd command eval exec export for if set source time trap ulimit umask until wait while".split(" "),
);

export function argumentsOf(command: Command): readonly string[] {
  if (typeof command !== "string") return command;
  return splitPlainWords(command) ?? ["/bin/sh", "-c", command];
}

/** The words of a line that holds nothing but words and simple quotes; null when a shell must read it. */
function splitPlainWords(line: string): readonly string[] | null {
  const unquoted = line.replaceAll(/'[^']*'|"[^"$`\\!]*"/g, "");
  if (shellCharacters.test(unquoted) || /['"]/.test(unquoted)) return null;
  const words = line.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? [];
  if (shellWords.has(words[0] ?? "")) return null;
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

export type FoundCommand = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Looks whether the command can be started at all, so that a refusal can say what is wrong rather than `ENOENT`. */
export function findCommand(
  argv: readonly string[],
  place: { readonly cwd: string; readonly path: string },
): FoundCommand {
  const [program] = argv;
  if (program === undefined || program === "") return refuse("its command is empty; set `run` to the command to start");
  const folder = statOf(place.cwd);
  if (!folder) return refuse(`its folder ${place.cwd} does not exist; check \`cwd\``);
  if (!folder.isDirectory()) return refuse(`${place.cwd} is not a folder; check \`cwd\``);
  const named = program.includes("/");
  const candidates = named
    ? [isAbsolute(program) ? program : resolve(place.cwd, program)]
    : place.path.split(delimiter).map((entry) => resolve(place.cwd, entry, program));
  let unusable: string | null = null;
  for (const candidate of candidates) {
    const file = statOf(candidate);
    if (!file) continue;
    if (file.isFile() && isExecutable(candidate)) return { ok: true };
    unusable ??= candidate;
  }
  if (unusable !== null) return refuse(`${unusable} may not be executed; check its mode (chmod +x) and owner`);
  const where = named ? `in ${place.cwd}` : "in PATH";
  return refuse(`the command "${program}" was not found ${where}; install it, or correct \`run\``);
}

function refuse(reason: string): FoundCommand {
  return { ok: false, reason };
}

function statOf(path: string): ReturnType<typeof statSync> | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not executable for this user, which is the answer.
    return false;
  }
}

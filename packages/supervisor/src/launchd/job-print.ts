// What `launchctl print DOMAIN/LABEL` says of one job. Apple calls the text unstable, so nothing in it is required: a line that
// is missing is a thing not known. Lines of the job itself are indented once; blocks inside it have lines of the same names.

import type { LifeEnd } from "../target/platform-driver.ts";

export interface JobPrint {
  /** `running`, `not running`, `spawn scheduled`, `waiting`, `xpcproxy`, … */
  readonly state: string | null;
  /** `exited`, `spawn failed`, … */
  readonly jobState: string | null;
  readonly pid: number | null;
  /** How often it was started since it was loaded. */
  readonly runs: number | null;
  /** How its last run ended; null when none has, or nothing is said. */
  readonly lastEnd: Omit<LifeEnd, "at"> | null;
  /** Why macOS itself ended the last run, such as `OS_REASON_CODESIGNING`. */
  readonly exitReason: string | null;
  /** It ended too soon again and again, and launchd makes it wait. */
  readonly isThrottled: boolean;
  /** Shortest time from start to start. */
  readonly minimumRuntimeS: number | null;
  /** From TERM to KILL when it is unloaded. */
  readonly exitTimeoutS: number | null;
  readonly plist: string | null;
  readonly outputs: readonly string[];
  /** launchd starts it again by itself when it ends. */
  readonly isKeptAlive: boolean;
}

export function parseJobPrint(text: string): JobPrint {
  const facts = ownLines(text);
  const path = facts.get("path");
  const exitReason = facts.get("last exit reason") ?? null;
  return {
    state: facts.get("state") ?? null,
    jobState: facts.get("job state") ?? null,
    pid: numberOf(facts.get("pid")) || null,
    runs: numberOf(facts.get("runs")),
    lastEnd: lastEndOf({ code: facts.get("last exit code"), signal: facts.get("last terminating signal"), exitReason }),
    exitReason,
    isThrottled: facts.get("immediate reason") === "inefficient",
    minimumRuntimeS: numberOf(facts.get("minimum runtime")),
    exitTimeoutS: numberOf(facts.get("exit timeout")),
    plist: path?.startsWith("/") === true ? path : null,
    outputs: ["stdout path", "stderr path"].flatMap((key) => facts.get(key) ?? []),
    isKeptAlive: /\bkeepalive\b/.test(facts.get("properties") ?? "") || facts.has("semaphores"),
  };
}

function ownLines(text: string): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  let indent: string | null = null;
  for (const line of text.split("\n").slice(1)) {
    const [, before = "", key, value] = /^(\s+)(\S[^=]*?) = (.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    indent ??= before;
    if (before === indent && !facts.has(key)) facts.set(key, value.trim());
  }
  return facts;
}

function numberOf(text: string | undefined): number | null {
  const digits = /^-?\d+/.exec(text ?? "")?.[0];
  return digits === undefined ? null : Number(digits);
}

interface Ending {
  readonly code: string | undefined;
  readonly signal: string | undefined;
  readonly exitReason: string | null;
}

/** `Killed: 9` stands in place of a code. A reason is what macOS ended it for. */
function lastEndOf({ code, signal, exitReason }: Ending): Omit<LifeEnd, "at"> | null {
  if (exitReason?.startsWith("JETSAM") === true) {
    const forMemory = exitReason.startsWith("JETSAM_REASON_MEMORY_") && !exitReason.includes("IDLE_EXIT");
    const seen = `launchd says that macOS ended it for memory (${exitReason})`;
    return { code: null, signal: "SIGKILL", oom: forMemory ? { confidence: "certain", seen } : null };
  }
  if (signal !== undefined) return { code: null, signal: signalOf(signal), oom: null };
  const status = numberOf(code);
  if (status !== null) return { code: status, signal: null, oom: null };
  return exitReason === null ? null : { code: null, signal: null, oom: null };
}

/** Numbers as macOS counts them, which from 7 on is not as Linux does. */
const signals: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGEMT",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGBUS",
  11: "SIGSEGV",
  12: "SIGSYS",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  30: "SIGUSR1",
  31: "SIGUSR2",
};

function signalOf(text: string): string | null {
  const number = /(\d+)\s*$/.exec(text)?.[1];
  return number === undefined ? null : (signals[Number(number)] ?? `signal ${number}`);
}

/** The text without environments, which hold secrets, and bounded. */
export function withoutEnvironments(text: string, maxLength: number): string {
  const kept: string[] = [];
  let closing: string | null = null;
  for (const line of text.split("\n")) {
    if (closing !== null) {
      if (line === closing) closing = null;
      continue;
    }
    const indent = /^(\s*)(?:\w+ )?environment = \{$/.exec(line)?.[1];
    if (indent === undefined) kept.push(line);
    else closing = `${indent}}`;
  }
  return kept.join("\n").slice(0, maxLength);
}

/** `"LABEL" => disabled`, or `=> true` before macOS 13. */
export function isDisabledIn(printed: string, label: string): boolean {
  const line = printed.split("\n").find((one) => one.trim().startsWith(`"${label}" =>`));
  return line !== undefined && /=> (?:disabled|true)\s*$/.test(line);
}

import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Exit } from "@midwatch/core";
import type { Admission, StateGate, StatePolicy } from "../state/state-policy.ts";
import { openStateGate } from "../state/state-gate.ts";

export interface GateInTest {
  readonly gate: StateGate;
  /** The agent's folder. */
  readonly cwd: string;
  /** What the gate keeps of this agent. */
  readonly root: string;
  readonly said: readonly string[];
  /** The same agent's gate, as the next life of the supervisor opens it. */
  readonly reopen: (policy?: Partial<StatePolicy>) => Promise<StateGate>;
  /** Every byte in quarantine, by name of the file in its folder. */
  readonly quarantined: () => Promise<readonly { readonly name: string; readonly content: Buffer }[]>;
}

export interface GateInTestOptions {
  readonly policy: Partial<StatePolicy>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the supervisor's folder is; else beside the agent's. */
  readonly folder?: string;
  readonly taskTimeoutMs?: number;
}

const agent = "team/reader";

/** A gate over real files in a folder that is gone after the test. Its time is simulated: a second passes by each look. */
export async function openGateInTest(t: TestContext, options: GateInTestOptions): Promise<GateInTest> {
  const home = await mkdtemp(join(tmpdir(), "midwatch-gate-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  return gateIn(home, options);
}

export async function gateIn(home: string, options: GateInTestOptions): Promise<GateInTest> {
  const said: string[] = [];
  const folder = options.folder ?? join(home, "state");
  const cwd = home;
  const root = join(folder, encodeURIComponent(agent));
  let now = Date.parse("2026-03-01T00:00:00Z");
  const open = (policy: Partial<StatePolicy> = {}): Promise<StateGate> =>
    openStateGate({
      agent,
      cwd,
      env: options.env ?? {},
      folder,
      policy: {
        files: [],
        validate: null,
        validateTimeoutMs: 20_000,
        onInvalid: "restore",
        ...options.policy,
        ...policy,
      },
      now: () => (now += 1_000),
      say: (line) => said.push(line),
      ...(options.taskTimeoutMs === undefined ? {} : { taskTimeoutMs: options.taskTimeoutMs }),
    });
  return {
    gate: await open(),
    cwd,
    root,
    said,
    reopen: open,
    quarantined: async () => {
      const top = join(root, "quarantine");
      const found: { name: string; content: Buffer }[] = [];
      for (const name of await readdir(top, { recursive: true }).catch(() => [])) {
        const path = join(top, name);
        if (name.endsWith("moved.json") || !(await stat(path)).isFile()) continue;
        found.push({ name: name.slice(name.indexOf("/") + 1), content: await readFile(path) });
      }
      return found;
    },
  };
}

export function exitWith(lastLines: readonly string[] = ["TypeError: cannot read properties of undefined"]): Exit {
  return { code: 1, signal: null, stoppedFor: null, oom: null, lastLines };
}

/** One line for an assertion. */
export function outcomeOf(admission: Admission): string {
  if (!admission.fit) return "stays down";
  return admission.invalid?.action ?? "as it is";
}

/** Why an agent stays down, and what its operator is told; empty when it does not. */
export function refusalOf(admission: Admission): { readonly reason: string; readonly text: string } {
  return admission.fit ? { reason: "", text: "" } : admission;
}

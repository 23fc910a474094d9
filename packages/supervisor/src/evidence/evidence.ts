// Evidence of a run that hangs, taken before it is killed: afterwards nobody can ask it. Everything is taken within one
// budget and side by side, except that the stacks come last: the debugger opens a socket and halts what runs, and would
// be found in the other items as if it were the agent's doing. An item that cannot be taken says why and costs the others nothing.

import type { EvidenceBundle, EvidenceName } from "@midwatch/protocol";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";
import { watchActivity, type Activity } from "./activity.ts";
import { describeEnvironment, midwatchAddress, readEnvironment, type Variables } from "./environment.ts";
import { fitBundle, plainText } from "./fit.ts";
import { describeOpenFiles, readOpenFiles, type OpenFiles } from "./open-files.ts";
import { describeProcesses, kernelWaitOf } from "./process-facts.ts";
import { redactText, secretValues } from "@midwatch/protocol";
import { takeStacks, type Stacks } from "./stack.ts";
import { summarize } from "./summary.ts";
import { within, type Taken } from "./within.ts";

export interface EvidenceRequest {
  readonly runId: string;
  readonly why: EvidenceBundle["why"];
  /** All living processes of the run, the agent's own first; at most 10 are looked at. */
  readonly members: readonly ProcessIdentity[];
  /** Where the Python SDK lets faulthandler write; the file exists only when it has registered. */
  readonly stackFile: string | null;
  readonly lastLines: () => Promise<readonly string[]>;
  readonly lastBeats: readonly BeatLine[];
  /** What Docker, systemd or launchd say of the agent; empty for a plain process. */
  readonly platform: () => Promise<readonly { readonly name: string; readonly text: string }[]>;
}

export interface BeatLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status: string;
  readonly message: string | null;
  readonly tokens: number;
}

const memberLimit = 10;
const linesLimit = 200;
const beatsLimit = 50;
const defaultBudgetMs = 5_000;
/** Of the output, before secrets are looked for. */
const textLimit = 256 * 1024;
/** Kept back for the stacks, which tell most, when something before them is slow. */
const shareBeforeStacks = 0.4;
/** To put everything together at the end. */
const wrapUpMs = 100;

/** Never rejects; takes no longer than the budget, and about 1.5 s when everything answers. */
export async function takeEvidence(
  request: EvidenceRequest,
  { budgetMs = defaultBudgetMs }: { readonly budgetMs?: number } = {},
): Promise<EvidenceBundle> {
  const deadline = performance.now() + Math.max(0, budgetMs - wrapUpMs);
  const left = (): number => deadline - performance.now();
  const members = request.members.filter(isAlive).slice(0, memberLimit);
  const early = left() * shareBeforeStacks;

  const looking = within(early, () => watchActivity(members));
  const listing = within(early, () => readAllOpenFiles(members));
  const printed = within(left(), async () =>
    (await request.lastLines()).slice(-linesLimit).join("\n").slice(-textLimit),
  );
  const platform = within(left(), async () => describePlatform(await request.platform()));
  const facts = looking.then((seen) => within(early, () => describeProcesses(valueOr(seen, []))));
  // The environment lies in a process's own memory: reading it may hang with one that is stuck in the kernel.
  const naming = looking.then((seen) =>
    within(early, () => readEnvironment(valueOr(seen, []).find(({ doing }) => doing !== "in-kernel")?.identity)),
  );
  const waiting = within(early, () => readKernelWaits(members));

  const [activity, files, variables, waits, process] = await Promise.all([looking, listing, naming, waiting, facts]);
  const stacks = await within(left(), () =>
    takeStacks(valueOr(activity, []), { stackFile: request.stackFile, timeoutMs: left() }),
  );
  return assemble(request, {
    activity,
    files,
    variables,
    waits,
    process,
    stacks,
    printed: await printed,
    platform: await platform,
  });
}

interface Gathered {
  readonly activity: Taken<readonly Activity[]>;
  readonly files: Taken<readonly OpenFiles[]>;
  readonly variables: Taken<Variables | null>;
  readonly waits: Taken<ReadonlyMap<number, string>>;
  readonly process: Taken<string>;
  readonly stacks: Taken<Stacks>;
  readonly printed: Taken<string>;
  readonly platform: Taken<string>;
}

function assemble({ runId, why, lastBeats }: EvidenceRequest, gathered: Gathered): EvidenceBundle {
  const { activity, files, variables, waits, process, stacks, printed, platform } = gathered;
  const environment = valueOr(variables, null) ?? [];
  const secrets = secretValues(environment);
  const clean = (text: string): string => redactText(plainText(text), secrets);
  const item = (name: EvidenceName, taken: Taken<string>): EvidenceBundle["items"] => {
    const text = taken.ok ? taken.value : `not taken: ${taken.why}`;
    return text === "" ? [] : [{ name, text: clean(text) }];
  };
  const summary = activity.ok
    ? summarize({
        activities: activity.value,
        stacks: valueOr(stacks, null)?.taken ?? new Map(),
        files: valueOr(files, []),
        ownAddress: midwatchAddress(environment),
        kernelWaits: valueOr(waits, new Map()),
      })
    : `what it does could not be seen: ${activity.why}`;
  return fitBundle({
    run_id: runId,
    why,
    summary: clean(summary),
    items: [
      ...item(
        "stack",
        mapTaken(stacks, ({ text }) => text),
      ),
      ...item("process", activity.ok ? process : activity),
      ...item("files", mapTaken(files, describeOpenFiles)),
      ...item(
        "output",
        mapTaken(printed, (text) => (text === "" ? "it has printed nothing" : text)),
      ),
      ...item("beats", { ok: true, value: describeBeats(lastBeats) }),
      ...item("platform", platform),
      ...item("environment", mapTaken(variables, describeEnvironment)),
    ],
  });
}

function valueOr<T, E>(taken: Taken<T>, otherwise: E): T | E {
  return taken.ok ? taken.value : otherwise;
}

function mapTaken<T>(taken: Taken<T>, describe: (value: T) => string): Taken<string> {
  return taken.ok ? { ok: true, value: describe(taken.value) } : taken;
}

async function readAllOpenFiles(members: readonly ProcessIdentity[]): Promise<readonly OpenFiles[]> {
  return (await Promise.all(members.map(({ pid }) => readOpenFiles(pid)))).filter((files) => files !== null);
}

async function readKernelWaits(members: readonly ProcessIdentity[]): Promise<ReadonlyMap<number, string>> {
  const waits = await Promise.all(members.map(async ({ pid }) => [pid, await kernelWaitOf(pid)] as const));
  return new Map(waits.flatMap(([pid, wait]) => (wait === null ? [] : [[pid, wait] as const])));
}

function describePlatform(facts: readonly { readonly name: string; readonly text: string }[]): string {
  return facts.map(({ name, text }) => `${name}\n${text.slice(0, textLimit).replace(/^/gm, "  ")}`).join("\n\n");
}

/** Newest last, as in a log. */
function describeBeats(beats: readonly BeatLine[]): string {
  if (beats.length === 0) return "it has not beaten in this run";
  return beats
    .toSorted((a, b) => a.at - b.at)
    .slice(-beatsLimit)
    .map(({ at, status, message, tokens }) => {
      const said = message === null ? "" : `: ${message}`;
      return `${new Date(at).toISOString()} ${status}, ${tokens} tokens${said}`;
    })
    .join("\n");
}

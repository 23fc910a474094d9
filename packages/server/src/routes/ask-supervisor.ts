// Writes a command down for the supervisor that keeps the agent, together with what the rules make of it, and says in words
// who carries it out. What no supervisor keeps can only be told something in the answer to its next beat.

import { randomBytes } from "node:crypto";
import { ownBudget, spellDuration, type CommandName } from "@midwatch/core";
import type { AgentRow, CommandDraft } from "@midwatch/store";
import { commandLifetimeMs } from "../command-expiry.ts";
import { ApiError } from "../errors.ts";
import type { ApiContext } from "../http/api-context.ts";
import { iso } from "../views/time.ts";

export interface Asked {
  readonly command: CommandName;
  readonly dependents: boolean;
  readonly by: string;
  /** The key or session that asked. */
  readonly askedWith: string;
}

export interface ActAnswer {
  /** 200 is done here, 202 is written down for a supervisor. */
  readonly status: 200 | 202;
  readonly message: string;
}

/** Throws 409 for what nobody could carry out. */
export async function act(context: ApiContext, row: AgentRow, asked: Asked): Promise<ActAnswer> {
  const { ledger, clock, intake } = context;
  const { name, state } = row;
  const { supervisor } = state;
  refuseSpent(row, asked);
  const isKept = supervisor !== null && intake.mayKeep(supervisor.id, name);
  if (isKept && asked.command !== "accept-baseline") return askSupervisor(context, row, supervisor, asked);
  const message = doneHere(asked.command, name);
  if (message === null) throw supervisor === null ? nobodyKeeps(asked, name) : keepsNoMore(asked, name, supervisor);
  const at = clock.now();
  const draft: CommandDraft = { ...asked, id: newId(), supervisor: null, agent: name, at };
  const event = { type: "command", at, command: asked.command, by: asked.by } as const;
  await ledger.commitOne(name, event, { commands: [draft] });
  return { status: 200, message };
}

/** What a budget holds, nobody resumes past it: the next call would only be stopped again. A cycle's cap is for a person to judge. */
function refuseSpent({ name, state: { hold } }: AgentRow, { command }: Asked): void {
  if (command !== "resume" && command !== "start" && command !== "restart") return;
  if (hold?.by !== "budget" || (hold.budget === ownBudget && (hold.until ?? null) === null)) return;
  const what =
    hold.budget === ownBudget
      ? name
      : hold.budget === "install"
        ? "--install"
        : `--${(hold.budget ?? "").replace(":", " ")}`;
  const until = (hold.until ?? null) === null ? "" : `, or wait until ${iso(hold.until ?? 0)}`;
  throw new ApiError(
    409,
    "budget_spent",
    `${name} is ${hold.reason}. Raise the cap (midwatch budget ${what} LIMIT=AMOUNT)${until}.`,
  );
}

type Keeper = NonNullable<AgentRow["state"]["supervisor"]>;

async function askSupervisor(
  { ledger, clock, bell, store }: ApiContext,
  { name }: AgentRow,
  { id: supervisor, host, lost, seenAt }: Keeper,
  asked: Asked,
): Promise<ActAnswer> {
  const at = clock.now();
  const { command, dependents, by } = asked;
  const what = dependents ? `${command} it and what comes after it` : `${command} it`;
  const away = lost
    ? ` It has not been heard since ${iso(seenAt)}; it does it when it is back within ${spellDuration(commandLifetimeMs)}, else nobody does.`
    : "";
  const [last] = (await store.commands(name, { limit: 1, cursor: null })).items;
  if (
    last?.state === "waiting" &&
    last.command === command &&
    last.dependents === dependents &&
    last.supervisor === supervisor
  ) {
    const entry = {
      at,
      kind: "commanded",
      text: `${by}: ${command}, as ${last.by} did before`,
      data: { command, by },
    } as const;
    await ledger.commit([{ name, events: [], registerAt: null, entries: [entry] }]);
    return { status: 202, message: `${name}: the supervisor on ${host} was asked to ${what} already.${away}` };
  }
  const draft: CommandDraft = { ...asked, id: newId(), supervisor, agent: name, at };
  await ledger.commitOne(name, { type: "command", at, command, by }, { commands: [draft] });
  bell.ring(supervisor);
  return { status: 202, message: `${name}: the supervisor on ${host} was asked to ${what}.${away}` };
}

function newId(): string {
  return `cmd_${randomBytes(12).toString("base64url")}`;
}

/** What is done without a supervisor, or null for what only a supervisor can do. */
function doneHere(command: CommandName, name: string): string | null {
  switch (command) {
    case "pause":
      return `${name} is paused: the answer to its next beat tells it to hold`;
    case "resume":
      return `${name} may go on: the answer to its next beat tells it so`;
    case "accept-baseline":
      return `${name}: what its cycles cost now is its new normal`;
    case "start":
    case "restart":
    case "stop":
    case "kill":
      return null;
  }
}

function nobodyKeeps({ command }: Asked, name: string): ApiError {
  const message =
    `${name} cannot be asked to ${command}: no supervisor keeps it, it only sends beats. ` +
    `Run it under \`midwatch run --name ${name} -- CMD\` or list it in midwatch.yaml; pausing works without one.`;
  return new ApiError(409, "not_supervised", message);
}

function keepsNoMore({ command }: Asked, name: string, { host }: Keeper): ApiError {
  const message =
    `${name} cannot be asked to ${command}: the supervisor on ${host}, which kept it, keeps it no more. ` +
    `List it in the midwatch.yaml there again, or in that of another host; pausing works without one.`;
  return new ApiError(409, "not_supervised", message);
}

// The two programs by which systemd is asked and told, for the units of the system or of one user. The D-Bus interface behind
// them would be a library more; they are on every machine that has systemd, and speak the same since many years.

import { userInfo } from "node:os";
import { describeError, SupervisorError, systemCode } from "../failure.ts";
import { driverCallLimitMs } from "../target/platform-driver.ts";
import { runBounded, type CommandAnswer } from "./bounded-command.ts";

export type Scope = "system" | "user";

type Ask = (args: readonly string[], limit: AbortSignal) => Promise<CommandAnswer>;

export interface Systemd {
  readonly scope: Scope;
  /** As a person types it: `systemctl --user`. */
  readonly command: string;
  /** Rejects only when the program cannot be run or does not answer; a refusal is an answer. */
  readonly systemctl: Ask;
  readonly journalctl: Ask;
}

/** `systemctl` is the command and what stands before it, as in `["nsenter", …, "systemctl"]`. */
export function reachSystemd({
  scope,
  systemctl = ["systemctl", ...(scope === "user" ? ["--user"] : [])],
}: {
  readonly scope: Scope;
  readonly systemctl?: readonly string[] | undefined;
}): Systemd {
  const env = environmentFor(scope);
  const at = systemctl.findLastIndex((word) => word === "systemctl" || word.endsWith("/systemctl"));
  const journalctl = [...systemctl.slice(0, at), "journalctl"];
  const ask: Ask = (argv, limit) => askBounded(argv, { env, limit });
  return {
    scope,
    command: scope === "user" ? "systemctl --user" : "systemctl",
    systemctl: (args, limit) => ask([...systemctl, "--no-pager", "--no-ask-password", ...args], limit),
    journalctl: (args, limit) => ask([...journalctl, "--no-pager", "--quiet", ...args], limit),
  };
}

/** The time that one call of the driver has for all that it asks. */
export function callLimit(ms: number = driverCallLimitMs): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** A language or a time zone of the user's would change the answers; a daemon often lacks the folder that leads to a user's bus. */
function environmentFor(scope: Scope): Readonly<Record<string, string | undefined>> {
  const env = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC", SYSTEMD_COLORS: "0", SYSTEMD_URLIFY: "0" };
  if (scope === "system" || process.env["XDG_RUNTIME_DIR"]) return env;
  return { ...env, XDG_RUNTIME_DIR: `/run/user/${userInfo().uid}` };
}

async function askBounded(
  argv: readonly string[],
  how: { readonly env: Readonly<Record<string, string | undefined>>; readonly limit: AbortSignal },
): Promise<CommandAnswer> {
  try {
    return await runBounded(argv, how);
  } catch (cause) {
    throw unavailable(explainFailure(argv, how.limit, cause), cause);
  }
}

function explainFailure(argv: readonly string[], limit: AbortSignal, cause: unknown): string {
  const program = argv.find((word) => /(?:^|\/)(?:systemctl|journalctl)$/.test(word)) ?? argv[0] ?? "";
  if (limit.aborted) return `${program} did not answer in time; see whether the machine is overloaded`;
  if (systemCode(cause) !== "ENOENT") return `${program} could not be run: ${describeError(cause)}`;
  return `there is no ${argv[0] ?? program} on this machine, so it has no units to keep. Keep the agent as a process (run:), or run the supervisor where systemd runs.`;
}

/** For an answer that came from no systemd at all: this machine, container or user has none that could be asked. */
export function noSystemd(scope: Scope, { stderr }: CommandAnswer): SupervisorError {
  const said = lastLine(stderr);
  const advice =
    scope === "user"
      ? `A user's systemd runs while that user is logged in, unless lingering is on: \`loginctl enable-linger ${userInfo().username}\`. It is found through XDG_RUNTIME_DIR, usually /run/user/${userInfo().uid}.`
      : "It must be the first process of this machine (`ps -p 1` shows systemd); inside a container there is usually none.";
  return unavailable(`systemd cannot be reached${said === "" ? "" : ` (${said})`}. ${advice}`);
}

/** What a program said last, for a person; its first words are often about nothing. */
export function lastLine(text: string): string {
  return (text.trim().split("\n").at(-1) ?? "").slice(0, 300);
}

export function unavailable(message: string, cause?: unknown): SupervisorError {
  return new SupervisorError("platform_unavailable", message, { cause, retryable: true });
}

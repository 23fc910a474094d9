import { SECOND, spellDuration, type DurationMs } from "@midwatch/core";
import { redactText, type WebhookBody } from "@midwatch/protocol";
import { clipBytes, headline, oneLine } from "../../message-text.ts";
import { interrupted, type ChannelResult, type ChannelSurroundings, type SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";

/**
 * Runs a program of this machine for each message: the message as JSON on its standard input, its main words in the environment. There
 * is no shell in between, so that nothing an agent wrote can be a command.
 *
 * Settings: `command` (the program and its arguments, as a list), `timeout` (default 10s).
 */
export function createExecChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { allowExec = false }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const command = readCommand(settings);
  const timeoutMs = settings.duration("timeout", timeoutBounds);
  if (!allowExec) {
    settings.problem(
      "type",
      'is "exec", which runs a program on this machine. If that is meant, allow it with "server: { allow_exec: true }"',
    );
  }
  const errors = settings.finish();
  if (command === null || errors.length > 0) return { ok: false, errors };

  const send = async (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> => {
    const env = environmentOf(message);
    const end = await runProgram({ command, env, input: `${JSON.stringify(message)}\n`, timeoutMs, signal });
    return outcomeOf(command[0] ?? "", timeoutMs, end);
  };
  return { ok: true, channel: { name, send, hearsAcknowledgements: true } };
}

/** The outbox gives a try 20 s; this must end before that does. */
const timeoutBounds = { least: SECOND, most: 15 * SECOND, fallback: 10 * SECOND };

/** In `sysexits.h`: try again later. */
const EX_TEMPFAIL = 75;

function readCommand(settings: ConfigReader): readonly string[] | null {
  const command = settings.texts("command");
  const program = command?.[0];
  if (command === null || program === undefined) {
    settings.problem("command", 'must be the program and its arguments as a list: ["/usr/local/bin/notify", "--loud"]');
    return null;
  }
  if (command.some((word) => word.includes("\0"))) settings.problem("command", "holds a zero byte");
  // The server and the supervisor may stand in different folders.
  if (program.includes("/") && !program.startsWith("/")) {
    settings.problem("command", `must name the program by its whole path, or by its name alone when it is on the PATH`);
  }
  return command;
}

/** What a program needs of ours to run at all. The rest may hold keys. */
const inherited = ["PATH", "HOME", "LANG"];
const maxValueBytes = 1_000;

function environmentOf(message: WebhookBody): Readonly<Record<string, string>> {
  const { type, id, thread, agent, kind, severity, url } = message;
  const told = { type, id, thread, agent, kind, severity, title: headline(message), url };
  return Object.fromEntries([
    ...inherited.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
    // One line without control characters each: such a value is safe wherever a script puts it between quotes.
    ...Object.entries(told).map(([key, value]) => [
      `MIDWATCH_${key.toUpperCase()}`,
      oneLine(clipBytes(value ?? "", maxValueBytes)),
    ]),
  ]) as Record<string, string>;
}

function outcomeOf(program: string, timeoutMs: DurationMs, end: ProgramEnd): SendOutcome {
  switch (end.how) {
    case "exited": {
      if (end.code === 0) return { sent: true };
      const error = `${program} ended with exit status ${end.code}${lastWords(end.said)}`;
      return { sent: false, retry: end.code === EX_TEMPFAIL, error };
    }
    case "killed":
      return { sent: false, retry: true, error: `${program} was ended by ${end.by}${lastWords(end.said)}` };
    case "timed out":
      return {
        sent: false,
        retry: true,
        error: `${program} did not end within ${spellDuration(timeoutMs)} and was killed`,
      };
    case "interrupted":
      return interrupted;
    case "not started": {
      const why = reasons.get(end.code) ?? `could not be started (${end.code})`;
      return { sent: false, retry: !reasons.has(end.code), error: `${program} ${why}` };
    }
  }
}

/** What waiting does not mend. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "is not there: look at `command`"],
  ["EACCES", "may not be run by this user: look at its permissions"],
]);

/** The last line of what it complained of, which may quote what it was given. */
function lastWords(said: string): string {
  const line = redactText(said)
    .split("\n")
    .findLast((one) => oneLine(one) !== "");
  return line === undefined ? "" : `: ${oneLine(clipBytes(line, 300))}`;
}

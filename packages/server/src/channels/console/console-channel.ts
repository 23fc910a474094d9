import type { Writable } from "node:stream";
import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { plainSummary, summarize } from "../../message-summary.ts";
import { headline } from "../../message-text.ts";

/** Writes notifications to the terminal (or wherever the server's output goes). It has no settings. */
export function createConsoleChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { stream }: ChannelSurroundings,
): ChannelResult {
  const errors = readConfig(name, config).finish();
  if (errors.length > 0) return { ok: false, errors };
  // The write that fails reports it; without a listener the stream's own event would take the whole server down with it.
  stream.on("error", () => undefined);
  return { ok: true, channel: { name, send: (message, signal) => write(stream, render(message), signal) } };
}

/** Longer lines would fill the screen with one of them. */
const maxColumns = 200;

function render(message: WebhookBody): string {
  const mark = message.type === "incident.resolved" ? "resolved" : (message.severity ?? message.type);
  const body = plainSummary(summarize(message));
  const lines = body === "" ? [] : body.split("\n").map((line) => (line === "" ? "" : `    ${clipColumns(line)}`));
  return [`${message.at} [${mark}] ${clipColumns(headline(message))}`, ...lines, ""].join("\n");
}

function clipColumns(line: string): string {
  // A link that is cut leads nowhere.
  if (line.length <= maxColumns || /^[^:]{1,80}: https?:\/\/\S{1,512}$/.test(line)) return line;
  return `${line.slice(0, maxColumns - 1).toWellFormed()}…`;
}

/** Waits until the line is out: a pipe that nobody reads must count as not sent. */
function write(stream: Writable, text: string, signal: AbortSignal): Promise<SendOutcome> {
  const failed = (why: string): SendOutcome => ({
    sent: false,
    retry: true,
    error: `could not write to the console: ${why}`,
  });
  if (signal.aborted) return Promise.resolve(failed("Midwatch was stopping"));
  if (stream.destroyed || stream.writableEnded) return Promise.resolve(failed("its output is closed"));
  return new Promise((resolve) => {
    const onAbort = (): void => resolve(failed("nothing reads its output"));
    signal.addEventListener("abort", onAbort, { once: true });
    stream.write(text, (error) => {
      signal.removeEventListener("abort", onAbort);
      resolve(error ? failed(error.message) : { sent: true });
    });
  });
}

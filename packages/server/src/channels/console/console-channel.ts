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

const columns = 100;
const indent = "    ";
/** What one line becomes: one of an agent may be as long as a book. */
const maxLines = 10;
/** A report of a bad month has hundreds. */
const maxMessageLines = 500;

/** Who reads a terminal acts there: of the links only the page is shown. */
function render(message: WebhookBody): string {
  const mark = message.type === "incident.resolved" ? "resolved" : (message.severity ?? message.type);
  const body = plainSummary(summarize({ ...message, actions: [] }));
  const lines =
    body === "" ? [] : body.split("\n").flatMap((line) => wrap(line).map((part) => `${indent}${part}`.trimEnd()));
  const left = lines.length - maxMessageLines;
  if (left > 0) lines.splice(maxMessageLines, left, `${indent}… and ${left} lines more`);
  return [`${message.at} [${mark}] ${wrap(headline(message)).join(`\n${indent}`)}`, ...lines, ""].join("\n");
}

/** Breaks between words, and within one that is longer than a line, but never within a link: one that is cut leads nowhere. */
function wrap(text: string): readonly string[] {
  const lines = [""];
  for (const word of text.split(/(?<=\s)/)) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.trimEnd().length <= columns) lines[lines.length - 1] = last + word;
    else if (word.length <= columns || /^https?:/.test(word)) lines.push(word);
    else lines.push(...(word.match(/.{1,100}/gsu) ?? []));
  }
  const shown = lines
    .map((line) => line.trimEnd())
    .filter((line, index) => line !== "" || lines.length === 1 || index > 0);
  return shown.length <= maxLines ? shown : [...shown.slice(0, maxLines - 1), "…"];
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

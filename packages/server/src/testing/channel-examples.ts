import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { message } from "@midwatch/protocol";
import type { Channel, ChannelSurroundings } from "../channels/channel.ts";
import { createChannel } from "../channels/create-channel.ts";

/** One incident that was opened. */
export const silent = message({
  type: "incident.opened",
  id: "research-bot:silent:1774690000:me",
  at: "2026-11-24T03:14:06.000Z",
  agent: "research-bot",
  kind: "silent",
  severity: "page",
  title: "silent since 03:12:00 UTC",
  text: "Two beats missed in a row.\nNothing was done by itself; please look at the process.",
});

/** A channel as an operator would write it, allowed to reach the loopback unless the test says otherwise. */
export function openChannel(
  config: Readonly<Record<string, unknown>>,
  around: Partial<ChannelSurroundings> = {},
): Channel {
  const made = createChannel("me", config, { stream: new PassThrough(), now: Date.now, ...around });
  assert.ok(made.ok, JSON.stringify(made));
  return made.channel;
}

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

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

/** A group of incidents with everything a message can hold, told on two hosts. */
export const grouped = message({
  type: "incident.opened",
  id: "group:7:me",
  thread: "group:7",
  at: "2026-11-24T03:14:06.000Z",
  kind: "silent",
  severity: "page",
  title: "3 agents silent since 03:12:00 UTC",
  text: "At least half of the agents fell silent together.",
  facts: [
    { label: "agents up", value: "2 of 5" },
    { label: "tokens today", value: "1,204,551" },
  ],
  log: ["fetching page 3", "ConnectionError: timed out"],
  members: [
    member("research-bot", "host-a"),
    member("mail-bot", "host-a"),
    { ...member("price-bot", "host-b"), resolved_at: "2026-11-24T03:15:00.000Z" },
  ],
  url: "https://midwatch.example.org/incidents/7",
  actions: [
    { action: "acknowledge", label: "Acknowledge", url: "https://midwatch.example.org/act/a1" },
    { action: "silence", label: "Silence for an hour", url: "https://midwatch.example.org/act/s1" },
  ],
});

/** The same group after somebody has taken it, as the desk tells it: nothing is left to acknowledge. */
export const acknowledged = message({
  ...grouped,
  type: "incident.acknowledged",
  id: "group:7:acknowledged:me",
  text: "Acknowledged by Ada at 03:20:00 UTC: no more steps and no reminders. At least half fell silent together.",
  acknowledged: { by: "Ada", at: "2026-11-24T03:20:00.000Z" },
  actions: grouped.actions.filter(({ action }) => action !== "acknowledge"),
});

function member(agent: string, host: string | null) {
  return {
    agent,
    kind: "silent",
    title: "silent since 03:12:00 UTC",
    host,
    since: "2026-11-24T03:12:00.000Z",
    resolved_at: null,
  };
}

/** A message far longer than any receiver takes, in characters that take more bytes than one. */
export const endless = message({
  ...grouped,
  agent: "é".repeat(2_000),
  title: '<b>&"*_`|'.repeat(1_000),
  text: "<@everyone> & \u{1F30A}\n".repeat(5_000),
  facts: Array.from({ length: 12 }, (_, at) => ({ label: `fact ${at} <i>`, value: "9&".repeat(2_000) })),
  log: Array.from({ length: 20 }, (_, at) => `line ${at} ${"```<>&".repeat(500)}`),
  members: Array.from({ length: 1_000 }, (_, at) => member(`bot-${at}-${"x".repeat(300)}`, `host-${at % 7}`)),
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

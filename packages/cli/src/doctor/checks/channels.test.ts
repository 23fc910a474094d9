import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutboxRow } from "@midwatch/store";
import { assertSaid } from "../testing/said.ts";
import { judgeChannels, wordOf, type ChannelFacts, type ChannelsFacts } from "./channels.ts";

const good: ChannelFacts = {
  name: "phone",
  type: "ntfy",
  alerts: true,
  reports: false,
  faults: [],
  unresolved: null,
  test: null,
  outbox: { failed: 0, struggling: 0, oldestWaitingMs: 0, lastError: null },
};
const one = (more: Partial<ChannelFacts>): ChannelsFacts => ({ channels: [{ ...good, ...more }], outboxUnread: null });

const table: readonly { claim: string; facts: ChannelsFacts; says: readonly RegExp[] }[] = [
  { claim: "one that delivers is in order", facts: one({}), says: [] },
  { claim: "a test that went through", facts: one({ test: { sent: true } }), says: [] },
  { claim: "none at all", facts: { channels: [], outboxUnread: null }, says: [/bad: no alert leaves this machine/] },
  { claim: "only a terminal", facts: one({ type: "console" }), says: [/bad: no alert leaves this machine/] },
  {
    claim: "one that alerts do not go to",
    facts: one({ alerts: false }),
    says: [/bad: no alert leaves/, /worth-knowing: nothing is sent to the channel "phone"/],
  },
  {
    claim: "wrong settings",
    facts: one({ faults: ["channels.phone.url must start with https://"] }),
    says: [/bad: the channel "phone" can't be used/],
  },
  {
    claim: "a host without an address",
    facts: one({ unresolved: "ntfy.example: ENOTFOUND" }),
    says: [/bad: the address of the channel "phone" does not resolve/],
  },
  {
    claim: "a test that did not go through",
    facts: one({ test: { sent: false, error: "the host answered 403" } }),
    says: [/bad: the test message did not get through/],
  },
  {
    claim: "notifications that were lost",
    facts: one({ outbox: { failed: 2, struggling: 0, oldestWaitingMs: 0, lastError: "403" } }),
    says: [/bad: the channel "phone" has lost 2 notifications/],
  },
  {
    claim: "notifications that are tried again and again",
    facts: one({ outbox: { failed: 0, struggling: 1, oldestWaitingMs: 3_600_000, lastError: "timeout" } }),
    says: [/bad: the channel "phone" is not delivering now/],
  },
  {
    claim: "an outbox that can't be read",
    facts: { ...one({ outbox: null }), outboxUnread: "the database is locked" },
    says: [/unchecked: what the channels delivered lately/],
  },
];

for (const { claim, facts, says } of table) {
  test(`channels: ${claim}`, () => assertSaid(judgeChannels(facts), says, claim));
}

test("what got through forgives what was lost before it, and nothing that was lost after", () => {
  const row = (state: OutboxRow["state"], at: number, more: Partial<OutboxRow> = {}): OutboxRow => {
    const fixed = {
      id: at,
      key: String(at),
      channel: "phone",
      agent: null,
      body: {},
      nextAt: at,
      finishedAt: null,
      earlierReceipt: null,
    };
    return { ...fixed, at, state, attempts: 1, lastError: null, ...more };
  };
  const forgiven = wordOf([row("failed", 10), row("sent", 20)], 100);
  assert.deepEqual(forgiven, { failed: 0, struggling: 0, oldestWaitingMs: 0, lastError: null });
  const rows = [row("sent", 20), row("failed", 30, { lastError: "gone" }), row("waiting", 60, { attempts: 4 })];
  assert.deepEqual(wordOf(rows, 100), { failed: 1, struggling: 1, oldestWaitingMs: 40, lastError: "gone" });
});

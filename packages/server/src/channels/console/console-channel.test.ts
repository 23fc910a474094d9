import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";

async function written(message: WebhookBody): Promise<string> {
  const stream = new PassThrough();
  assert.deepEqual(await openChannel({ type: "console" }, { stream }).send(message, never), { sent: true });
  return String(stream.read());
}

test("a notification reads as one headline and its sentences below", async () => {
  assert.equal(
    await written(silent),
    `2026-11-24T03:14:06.000Z [page] research-bot: silent since 03:12:00 UTC
    Two beats missed in a row.
    Nothing was done by itself; please look at the process.
`,
  );
});

test("the numbers, the log, the members and the page stand below", async () => {
  assert.equal(
    await written(grouped),
    `2026-11-24T03:14:06.000Z [page] 3 agents silent since 03:12:00 UTC
    At least half of the agents fell silent together.

    agents up: 2 of 5
    tokens today: 1,204,551

    Last lines of the log:
      fetching page 3
      ConnectionError: timed out

    host-a (2):
      research-bot: silent since 03:12:00 UTC
      mail-bot: silent since 03:12:00 UTC
    host-b (1):
      price-bot: silent since 03:12:00 UTC (recovered)

    Open in Midwatch: https://midwatch.example.org/incidents/7
`,
  );
});

test("a message without an end stays within a screen's width and a bounded number of lines", async () => {
  const lines = (await written(endless)).split("\n");
  assert.ok(lines.every((line) => line.length <= 140));
  assert.ok(lines.length < 600, String(lines.length));
});

test("a long sentence is broken between its words, and nothing of it is lost", async () => {
  const text = `It comes and goes. ${"Find what makes it come back: an interval, a dependency, a limit. ".repeat(4)}`;
  const out = await written({ ...silent, text });
  assert.equal(out.split("\n").slice(1).join(" ").replaceAll(/\s+/g, " ").trim(), text.trim());
});

test("no part of a message can write to the terminal", async () => {
  const hostile = "\u001b[2J\u001b]0;owned\u0007\u009b31m\u0008\u202e\r";
  const [fact, log] = [{ label: `l${hostile}`, value: `v${hostile}` }, `w${hostile}`];
  const members = grouped.members.map((member) => ({ ...member, host: hostile, title: hostile }));
  const out = await written({ ...grouped, facts: [fact], log: [log], members });
  assert.doesNotMatch(out, /[^\P{Cc}\n]|\u202e/u);
});

test("an agent cannot write to the terminal through its name, title or text", async () => {
  const hostile = "\u001b[2J\u001b]0;owned\u0007\u009b31m\u0008\u202e\r";
  const out = await written({ ...silent, agent: `a${hostile}`, title: `t${hostile}`, text: `x${hostile}y` });
  assert.equal(out, "2026-11-24T03:14:06.000Z [page] a: t\n    xy\n");
});

test("an agent named in the title is not named twice", async () => {
  assert.match(await written({ ...silent, title: "research-bot is silent" }), /\[page\] research-bot is silent\n/);
});

test("a closed output is a failure that is tried again, not a crash", async () => {
  const stream = new PassThrough();
  stream.destroy();
  const outcome = await openChannel({ type: "console" }, { stream }).send(silent, never);
  assert.deepEqual(outcome, {
    sent: false,
    retry: true,
    error: "could not write to the console: its output is closed",
  });
});

test("a reader that goes away during the write is a failure that is tried again", async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error("write EPIPE")) });
  const outcome = await openChannel({ type: "console" }, { stream }).send(silent, never);
  assert.deepEqual(outcome, { sent: false, retry: true, error: "could not write to the console: write EPIPE" });
});

test("a pipe nobody reads is let go when the time is over", async () => {
  const stream = new Writable({ write: () => undefined });
  const giveUp = new AbortController();
  const sending = openChannel({ type: "console" }, { stream }).send(silent, giveUp.signal);
  giveUp.abort();
  assert.equal((await sending).sent, false);
});

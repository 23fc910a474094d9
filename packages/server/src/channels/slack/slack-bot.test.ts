import assert from "node:assert/strict";
import test from "node:test";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { no, slackChannelId, slackToken, startSlack, type SlackInTest } from "../../testing/channels/slack-in-test.ts";

function open({ server }: SlackInTest, settings: Readonly<Record<string, unknown>> = {}) {
  const config = { type: "slack", token: slackToken, channel: slackChannelId, server, allow_private: true };
  return openChannel({ ...config, ...settings });
}

const update = { ...grouped, type: "incident.updated" as const, title: "4 agents silent" };

test("a bot's message is changed when more is known", async () => {
  await using slack = await startSlack();
  const channel = open(slack, { mention: "@channel" });
  assert.equal(channel.canUpdate, true);
  const first = await channel.send(grouped, never);
  assert.deepEqual(first, { sent: true, receipt: `${slackChannelId}:1774690000.000001` });
  assert.deepEqual(await channel.send(update, never, `${slackChannelId}:1774690000.000001`), first);
  assert.equal(slack.messages.size, 1);
  assert.match([...slack.messages.values()][0]!.text!, /^:rotating_light: \*4 agents silent/);
});

test("an update of a message that is gone, or that has no receipt, is a message of its own", async () => {
  await using slack = await startSlack();
  const outcome = await open(slack).send(update, never, `${slackChannelId}:1774690000.000099`);
  assert.deepEqual(outcome, { sent: true, receipt: `${slackChannelId}:1774690000.000001` });
  assert.equal((await open(slack).send(update, never, null)).sent, true);
  assert.equal(slack.messages.size, 2);
});

test("an update that meets a busy Slack waits, and is not said a second time", async () => {
  await using slack = await startSlack();
  slack.answerNext(no("ratelimited"));
  const outcome = await open(slack).send(update, never, `${slackChannelId}:1774690000.000099`);
  assert.ok(!outcome.sent && outcome.retry);
  assert.equal(slack.messages.size, 0);
});

test("an acknowledgement changes the bot's message, calls nobody, and is never a message of its own", async () => {
  await using slack = await startSlack();
  const channel = open(slack, { mention: "@channel" });
  assert.equal(channel.hearsAcknowledgements, true);
  const first = await channel.send(grouped, never);
  assert.ok(first.sent);
  assert.deepEqual(await channel.send(acknowledged, never, first.receipt), first);
  const { text } = [...slack.messages.values()][0]!;
  assert.match(text!, /^:eyes: \*3 agents silent since 03:12:00 UTC\*\nAcknowledged by Ada at 03:20:00 UTC/);
  assert.doesNotMatch(text!, /\|Acknowledge>/);
  for (const receipt of [`${slackChannelId}:1774690000.000099`, null])
    assert.deepEqual(await channel.send(acknowledged, never, receipt), { sent: true });
  assert.equal(slack.messages.size, 1);
});

test("an acknowledgement that Slack is too busy for waits, and one with a wrong token is an error", async () => {
  await using slack = await startSlack();
  const receipt = `${slackChannelId}:1774690000.000001`;
  slack.answerNext(no("ratelimited"));
  const busy = await open(slack).send(acknowledged, never, receipt);
  assert.ok(!busy.sent && busy.retry);
  const wrong = await open(slack, { token: "xoxb-of-yesterday" }).send(acknowledged, never, receipt);
  assert.ok(!wrong.sent && !wrong.retry);
});

test("a webhook cannot change what it sent, so it hears of no acknowledgement", () => {
  const { canUpdate, hearsAcknowledgements } = openChannel({
    type: "slack",
    url: "https://hooks.slack.com/services/T/B/x",
  });
  assert.deepEqual([canUpdate, hearsAcknowledgements], [undefined, undefined]);
});

test("a wrong token and a channel that is not there are final although Slack answers 200", async () => {
  await using slack = await startSlack();
  assert.deepEqual(await open(slack, { token: "xoxb-of-yesterday" }).send(silent, never), {
    sent: false,
    retry: false,
    error: `${slack.host} refused the message: invalid_auth. Copy the bot token (xoxb-…) again, from OAuth & Permissions of your Slack app`,
  });
  const elsewhere = await open(slack, { channel: "C9999999999" }).send(silent, never);
  assert.ok(!elsewhere.sent && !elsewhere.retry);
  assert.match(elsewhere.error, /channel_not_found\. Look at `channel`/);
});

test("a rate limit waits at least as long as Slack says, and an error inside Slack is tried again", async () => {
  await using slack = await startSlack();
  slack.answerNext({ ...no("ratelimited"), status: 429, headers: { "retry-after": "30" } });
  assert.deepEqual(await open(slack).send(silent, never), {
    sent: false,
    retry: true,
    error: `${slack.host} refused the message: ratelimited`,
    retryAfterMs: 30_000,
  });
  for (const answer of [no("internal_error"), { ...no("fatal_error"), status: 500 }, { status: 502, body: "" }]) {
    slack.answerNext(answer);
    const outcome = await open(slack).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry, JSON.stringify(outcome));
  }
});

test("a 200 that is not Slack's is no receipt", async () => {
  await using slack = await startSlack();
  slack.answerNext({ status: 200, body: "<html>Please sign in</html>" });
  const outcome = await open(slack).send(silent, never);
  assert.deepEqual(outcome, {
    sent: false,
    retry: true,
    error: `${slack.host} answered 200, but not as Slack does: <html>Please sign in</html>`,
  });
});

test("a message that Slack refuses for its blocks is sent again as plain text; one without an end is not refused", async () => {
  await using slack = await startSlack();
  slack.answerNext(no("msg_blocks_too_long"));
  assert.equal((await open(slack).send(silent, never)).sent, true);
  assert.equal([...slack.messages.values()][0]!.blocks, undefined);
  assert.equal((await open(slack).send(endless, never)).sent, true);
  assert.notEqual([...slack.messages.values()][1]!.blocks, undefined);
});

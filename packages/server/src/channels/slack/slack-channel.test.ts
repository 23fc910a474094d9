import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { createChannel } from "../create-channel.ts";
import { startSlack, type SlackBody, type SlackInTest } from "../../testing/channels/slack-in-test.ts";

function open({ url }: SlackInTest, settings: Readonly<Record<string, unknown>> = {}) {
  return openChannel({ type: "slack", url, allow_private: true, ...settings });
}

async function posted(message: WebhookBody, settings: Readonly<Record<string, unknown>> = {}): Promise<SlackBody> {
  await using slack = await startSlack();
  assert.deepEqual(await open(slack, settings).send(message, never), { sent: true });
  assert.equal(slack.receiver.received.length, 1);
  return [...slack.messages.values()][0]!;
}

/** What a person reads in the blocks, one string per text. */
function read({ blocks = [] }: SlackBody): readonly string[] {
  return blocks.flatMap(({ text, fields = [], elements = [] }) =>
    [...(text === undefined ? [] : [text]), ...fields, ...elements].map((one) => one.text),
  );
}

test("the first line says which agent, what and since when", async () => {
  const { text } = await posted(silent);
  assert.equal(text, `:rotating_light: *research-bot: silent since 03:12:00 UTC*\n${silent.text}`);
});

test("a page is blocks: what and the words, the numbers, the log, who, the links, and when in the reader's zone", async () => {
  assert.deepEqual(read(await posted(grouped)), [
    ":rotating_light: *3 agents silent since 03:12:00 UTC*\nAt least half of the agents fell silent together.",
    "agents up: *2 of 5*",
    "tokens today: *1,204,551*",
    "```\nfetching page 3\nConnectionError: timed out\n```",
    "*host-a* (2)\n• research-bot: silent since 03:12:00 UTC\n• mail-bot: silent since 03:12:00 UTC\n*host-b* (1)\n• price-bot: silent since 03:12:00 UTC (recovered)",
    "<https://midwatch.example.org/act/a1|Acknowledge>\n<https://midwatch.example.org/act/s1|Silence for an hour>\n<https://midwatch.example.org/incidents/7|Open in Midwatch>",
    "silent · page · <!date^1795490046^{date_short_pretty} {time_secs}|2026-11-24T03:14:06.000Z>",
  ]);
});

test("the plain text holds all of it too, for what speaks Slack's language but knows no blocks", async () => {
  const { text } = await posted(grouped);
  for (const part of ["agents up: *2 of 5*", "timed out", "mail-bot", "act/a1|Acknowledge>"]) {
    assert.ok(text!.includes(part), part);
  }
});

test("what an agent wrote can neither call a channel nor hide a link", async () => {
  const body = await posted({ ...silent, title: "said *<!channel>*", text: "<https://evil.example|bank> & <@U1>" });
  const expected =
    ":rotating_light: *research-bot: said ∗&lt;!channel&gt;∗*\n&lt;https://evil.example|bank&gt; &amp; &lt;@U1&gt;";
  assert.equal(body.text, expected);
  assert.equal(read(body)[0], expected);
  assert.deepEqual([body.unfurl_links, body.unfurl_media], [false, false]);
});

test("a report keeps its columns, and cannot break out of its frame", async () => {
  const report = { ...silent, agent: null, title: "Tuesday", text: "a  b\n```\nc  d" };
  for (const type of ["report.daily", "report.weekly", "report.monthly"] as const) {
    const { text } = await posted({ ...report, type });
    assert.equal(text, ":clipboard: *Tuesday*\n\n```\na  b\n'''\nc  d\n```");
  }
});

test("a long report is several frames, each of whole lines", async () => {
  const lines = Array.from({ length: 150 }, (_, at) => `line ${at} ${"·".repeat(20)}`);
  const frames = read(await posted({ ...silent, type: "report.daily", text: lines.join("\n") })).filter((text) =>
    text.startsWith("```"),
  );
  assert.ok(frames.length > 1);
  assert.equal(frames.map((text) => text.replace(/^```\n|\n```$/g, "")).join("\n"), lines.join("\n"));
});

test("a group is called for a page, and nobody for a recovery, a warning or a report", async () => {
  const mention = "<!subteam^S0123>";
  const page = await posted(silent, { mention });
  assert.match(page.text!, /^<!subteam\^S0123> :rotating_light:/);
  assert.match(read(page)[0]!, /^<!subteam\^S0123> :rotating_light:/);
  assert.match((await posted(silent, { mention: "@here" })).text!, /^<!here> /);
  for (const quiet of [
    { ...silent, type: "incident.resolved" as const },
    { ...silent, severity: "warn" as const },
    { ...silent, type: "report.daily" as const },
  ]) {
    assert.doesNotMatch(JSON.stringify(await posted(quiet, { mention })), /subteam/);
  }
});

test("a message without an end is shortened to what Slack takes, links kept", async () => {
  const body = await posted(endless);
  assert.ok(body.text!.length <= 12_000);
  assert.ok(read(body).some((text) => text.includes("act/a1|Acknowledge>")));
});

test("a message that Slack refuses for its blocks is sent again as plain text", async () => {
  await using slack = await startSlack();
  slack.answerNext({ status: 400, body: "invalid_blocks" });
  assert.deepEqual(await open(slack).send(silent, never), { sent: true });
  assert.equal((JSON.parse(slack.receiver.received[1]!.body) as SlackBody).blocks, undefined);
});

test("a 200 that does not say ok is no receipt", async () => {
  await using slack = await startSlack();
  slack.answerNext({ status: 200, body: "<html>Please sign in</html>" });
  assert.deepEqual(await open(slack).send(silent, never), {
    sent: false,
    retry: true,
    error: `${slack.host} answered 200 but not "ok": <html>Please sign in</html>`,
  });
});

test("a webhook that was taken away is final, and says what to do", async () => {
  await using slack = await startSlack();
  const outcome = await open(slack, { url: `http://${slack.host}/services/gone` }).send(silent, never);
  assert.deepEqual(outcome, {
    sent: false,
    retry: false,
    error: `${slack.host} answered 404: no_service. Make a new incoming webhook and put its address into \`url\``,
  });
});

test("a busy webhook waits at least as long as Slack says, one in trouble is tried again", async () => {
  await using slack = await startSlack();
  slack.answerNext({ status: 429, headers: { "retry-after": "30" }, body: "rate_limited" });
  const busy = await open(slack).send(silent, never);
  assert.deepEqual([busy.sent, !busy.sent && busy.retry, !busy.sent && busy.retryAfterMs], [false, true, 30_000]);
  slack.answerNext({ status: 503, body: "" });
  const broken = await open(slack).send(silent, never);
  assert.ok(!broken.sent && broken.retry);
});

test("a webhook and a bot at once, half a bot, and a mention that is none are refused when the server starts", () => {
  const around = { stream: process.stdout, now: Date.now };
  const pathsOf = (config: Readonly<Record<string, unknown>>) => {
    const made = createChannel("me", { type: "slack", ...config }, around);
    return made.ok ? [] : made.errors.map(({ path }) => path);
  };
  const url = "https://hooks.slack.com/services/T/B/x";
  assert.deepEqual(pathsOf({ url, token: "xoxb-1", channel: "C1" }), ["channels.me.url"]);
  assert.deepEqual(pathsOf({ token: "xoxb-1" }), ["channels.me.channel"]);
  assert.deepEqual(pathsOf({ channel: "C1" }), ["channels.me.token"]);
  assert.deepEqual(pathsOf({ url, mention: "@alex" }), ["channels.me.mention"]);
  assert.deepEqual(pathsOf({}), ["channels.me.url"]);
});

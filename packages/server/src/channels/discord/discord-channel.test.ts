import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { createChannel } from "../create-channel.ts";
import { startDiscord, type DiscordBody } from "../../testing/channels/discord-in-test.ts";

async function posted(message: WebhookBody, settings: Readonly<Record<string, unknown>> = {}): Promise<DiscordBody> {
  await using discord = await startDiscord();
  const channel = openChannel({ type: "discord", url: discord.url, allow_private: true, ...settings });
  const outcome = await channel.send(message, never);
  assert.equal(outcome.sent, true, JSON.stringify(outcome));
  return [...discord.messages.values()][0]!;
}

test("a page is a red embed: what, the words, the numbers, then the log, who, and the links", async () => {
  assert.deepEqual(await posted(grouped), {
    embeds: [
      {
        title: "🚨 3 agents silent since 03:12:00 UTC",
        url: "https://midwatch.example.org/incidents/7",
        color: 0xd92d20,
        description: "At least half of the agents fell silent together.",
        fields: [
          { name: "agents up", value: "2 of 5", inline: true },
          { name: "tokens today", value: "1,204,551", inline: true },
        ],
        timestamp: grouped.at,
      },
      {
        color: 0xd92d20,
        description: [
          "```\nfetching page 3\nConnectionError: timed out\n```",
          "host-a (2):\n  research-bot: silent since 03:12:00 UTC\n  mail-bot: silent since 03:12:00 UTC\nhost-b (1):\n  price-bot: silent since 03:12:00 UTC (recovered)",
          "[Acknowledge](https://midwatch.example.org/act/a1) · [Silence for an hour](https://midwatch.example.org/act/s1) · [Open in Midwatch](https://midwatch.example.org/incidents/7)",
        ].join("\n\n"),
      },
    ],
    allowed_mentions: { parse: [] },
  });
});

test("a recovery is green, a warning amber, and a report keeps its columns in a frame it cannot break", async () => {
  assert.equal((await posted({ ...silent, type: "incident.resolved" })).embeds![0]!.color, 0x2e9e5b);
  assert.equal((await posted({ ...silent, severity: "warn" })).embeds![0]!.color, 0xe8a317);
  const report = await posted({ ...silent, type: "report.weekly", severity: null, text: "a  b\n```\nc  d" });
  assert.equal(report.embeds![0]!.description, "```\na  b\n'''\nc  d\n```");
});

test("what an agent wrote is shown as it stands, and can neither mention, hide a link nor draw a heading", async () => {
  const text = "# big\n- *a* <@123> [bank](https://evil.example) research-bot\n  > `x`";
  const body = await posted({ ...silent, title: "__x__ @everyone", text });
  assert.equal(body.embeds![0]!.title, "🚨 research-bot: \\_\\_x\\_\\_ @everyone");
  assert.equal(
    body.embeds![0]!.description,
    "\\# big\n\\- \\*a\\* \\<@123> \\[bank](https://evil.example) research-bot\n  \\> \\`x\\`",
  );
  assert.equal(body.content, undefined);
  assert.deepEqual(body.allowed_mentions, { parse: [] });
});

test("a role is called for a page, with leave to call only that role, and never for a recovery or a warning", async () => {
  const mention = "<@&123456>";
  const page = await posted(silent, { mention });
  assert.deepEqual([page.content, page.allowed_mentions], [mention, { parse: [], roles: ["123456"] }]);
  for (const quiet of [
    { ...silent, type: "incident.resolved" as const },
    { ...silent, severity: "warn" as const },
  ]) {
    const body = await posted(quiet, { mention });
    assert.deepEqual([body.content, body.allowed_mentions], [undefined, { parse: [] }]);
  }
  assert.deepEqual((await posted(silent, { mention: "<@123456>" })).allowed_mentions, { parse: [], users: ["123456"] });
  assert.deepEqual((await posted(silent, { mention: "@here" })).allowed_mentions, { parse: ["everyone"] });
});

test("a message without an end is shortened to what Discord takes, links kept", async () => {
  for (const type of ["incident.opened", "report.daily"] as const) {
    const { embeds } = await posted({ ...endless, type });
    assert.match(embeds![1]!.description!, /\[Acknowledge\]\(https:\/\/midwatch\.example\.org\/act\/a1\)/);
  }
});

test("an update changes the message that was sent, in its thread, and rings nobody", async () => {
  await using discord = await startDiscord();
  const url = `${discord.url}?thread_id=77`;
  const channel = openChannel({ type: "discord", url, allow_private: true, mention: "@here" });
  assert.equal(channel.canUpdate, true);
  const first = await channel.send(grouped, never);
  assert.ok(first.sent && first.receipt !== undefined);
  const update = { ...grouped, type: "incident.updated" as const, title: "4 agents silent" };
  assert.deepEqual(await channel.send(update, never, first.receipt), { sent: true, receipt: first.receipt });
  assert.equal(discord.messages.size, 1);
  assert.equal(discord.messages.get(first.receipt)!.embeds![0]!.title, "🚨 4 agents silent");
  assert.deepEqual(
    discord.receiver.received.map(({ method, path }) => [method, new URL(path, discord.url).search]),
    [
      ["POST", "?thread_id=77&wait=true"],
      ["PATCH", "?thread_id=77"],
    ],
  );
});

test("an update of a message that somebody deleted, or that has no receipt, is a message of its own", async () => {
  await using discord = await startDiscord();
  const channel = openChannel({ type: "discord", url: discord.url, allow_private: true });
  const update = { ...grouped, type: "incident.updated" as const };
  const outcome = await channel.send(update, never, "12345");
  assert.ok(outcome.sent && outcome.receipt !== undefined && outcome.receipt !== "12345");
  assert.equal((await channel.send(update, never, null)).sent, true);
  assert.equal(discord.messages.size, 2);
});

test("an acknowledgement changes the message that was sent, calls nobody, and is never a message of its own", async () => {
  await using discord = await startDiscord();
  const channel = openChannel({ type: "discord", url: discord.url, allow_private: true, mention: "@here" });
  assert.equal(channel.hearsAcknowledgements, true);
  const first = await channel.send(grouped, never);
  assert.ok(first.sent && first.receipt !== undefined);
  assert.deepEqual(await channel.send(acknowledged, never, first.receipt), first);
  const { embeds, allowed_mentions: mentions } = discord.messages.get(first.receipt)!;
  assert.deepEqual(mentions, { parse: [] });
  assert.match(embeds![0]!.title!, /^👀 3 agents/);
  assert.match(embeds![0]!.description!, /^Acknowledged by Ada at 03:20:00 UTC/);
  assert.doesNotMatch(embeds![1]!.description!, /\[Acknowledge\]/);
  for (const receipt of ["12345", "of another channel", null])
    assert.deepEqual(await channel.send(acknowledged, never, receipt), { sent: true });
  assert.equal(discord.messages.size, 1);
});

test("a rate limit waits at least as long as Discord says", async () => {
  await using discord = await startDiscord();
  const channel = openChannel({ type: "discord", url: discord.url, allow_private: true });
  const body = JSON.stringify({ message: "You are being rate limited.", retry_after: 64.57, global: false });
  discord.answerNext({ status: 429, headers: { "retry-after": "65" }, body });
  const outcome = await channel.send(silent, never);
  assert.ok(!outcome.sent && outcome.retry);
  assert.equal(outcome.retryAfterMs, 65_000);
  discord.answerNext({ status: 429, body });
  const second = await channel.send(silent, never);
  assert.equal(!second.sent && second.retryAfterMs, 64_570);
});

test("a deleted webhook and a wrong token are final, say what to do, and keep the token to themselves", async () => {
  await using discord = await startDiscord();
  const gone = `http://${discord.host}/api/webhooks/999/the-token-of-the-webhook`;
  assert.deepEqual(await openChannel({ type: "discord", url: gone, allow_private: true }).send(silent, never), {
    sent: false,
    retry: false,
    error: `${discord.host} answered 404: Unknown Webhook. The webhook was deleted: make a new one in the channel's settings and put its address into \`url\``,
  });
  const wrong = `http://${discord.host}/api/webhooks/1122334455/not-the-token-at-all`;
  const outcome = await openChannel({ type: "discord", url: wrong, allow_private: true }).send(silent, never);
  assert.ok(!outcome.sent && !outcome.retry);
  assert.match(outcome.error, /401: Invalid Webhook Token\. The last part of `url` is wrong/);
});

test("a Discord in trouble is tried again", async () => {
  await using discord = await startDiscord();
  discord.answerNext({ status: 502, body: "<html>Bad gateway</html>" });
  const outcome = await openChannel({ type: "discord", url: discord.url, allow_private: true }).send(silent, never);
  assert.ok(!outcome.sent && outcome.retry);
});

test("a 200 that is not the message, such as a page of a proxy in between, is no receipt", async () => {
  await using discord = await startDiscord();
  discord.answerNext({ status: 200, body: "<html>Please sign in</html>" });
  assert.deepEqual(await openChannel({ type: "discord", url: discord.url, allow_private: true }).send(silent, never), {
    sent: false,
    retry: true,
    error: `${discord.host} answered 200, but not with the message: <html>Please sign in</html>`,
  });
});

test("an address that is no webhook, and a mention that is none, are refused when the server starts", () => {
  const config = { type: "discord", url: "https://discord.com/channels/1/2", mention: "@alex" };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.url", "channels.me.mention"],
  );
});

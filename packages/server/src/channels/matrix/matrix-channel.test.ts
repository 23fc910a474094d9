import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { createChannel } from "../create-channel.ts";
import {
  matrixError,
  matrixRoom,
  matrixToken,
  startMatrix,
  type MatrixInTest,
} from "../../testing/channels/matrix-in-test.ts";

function open({ server }: MatrixInTest, settings: Readonly<Record<string, unknown>> = {}) {
  const config = { type: "matrix", server, token: matrixToken, room: matrixRoom, allow_private: true };
  return openChannel({ ...config, ...settings });
}

async function written(message: WebhookBody, settings: Readonly<Record<string, unknown>> = {}) {
  await using matrix = await startMatrix();
  const outcome = await open(matrix, settings).send(message, never);
  assert.deepEqual(outcome, { sent: true, receipt: "$event-1" });
  return matrix.events[0]!.content;
}

test("a page reads: what, the words, the numbers, the log, who, and the links, as plain text and as HTML", async () => {
  const content = await written(grouped);
  assert.equal(content.msgtype, "m.text");
  assert.match(content.body!, /^🚨 3 agents silent since 03:12:00 UTC\nAt least half[^]*Acknowledge: https:/);
  assert.equal(
    content.formatted_body,
    [
      "<strong>🚨 3 agents silent since 03:12:00 UTC</strong><br>At least half of the agents fell silent together.",
      "<ul><li>agents up: <strong>2 of 5</strong></li><li>tokens today: <strong>1,204,551</strong></li></ul>",
      "<pre><code>fetching page 3\nConnectionError: timed out</code></pre>",
      "<p>host-a (2):<br>&nbsp; research-bot: silent since 03:12:00 UTC<br>&nbsp; mail-bot: silent since 03:12:00 UTC<br>",
      "host-b (1):<br>&nbsp; price-bot: silent since 03:12:00 UTC (recovered)</p>",
      '<p><a href="https://midwatch.example.org/act/a1">Acknowledge</a> · ',
      '<a href="https://midwatch.example.org/act/s1">Silence for an hour</a> · ',
      '<a href="https://midwatch.example.org/incidents/7">Open in Midwatch</a></p>',
    ].join(""),
  );
});

test("a recovery, a report and an update are notices, which make no sound", async () => {
  const kinds = [
    { ...silent, severity: "warn" as const },
    { ...silent, type: "incident.resolved" as const },
    { ...silent, type: "report.daily" as const, severity: null },
    { ...silent, type: "incident.updated" as const },
  ].map(async (message) => (await written(message)).msgtype);
  assert.deepEqual(await Promise.all(kinds), ["m.text", "m.notice", "m.notice", "m.notice"]);
});

test("what an agent wrote is neither HTML nor a call to the room", async () => {
  const content = await written({ ...silent, text: '@room <img src="x"> & <a href="https://evil.example">' });
  assert.equal(
    content.formatted_body,
    "<strong>🚨 research-bot: silent since 03:12:00 UTC</strong><br>@room &lt;img src=&quot;x&quot;&gt; &amp; &lt;a href=&quot;https://evil.example&quot;&gt;",
  );
  assert.deepEqual(content["m.mentions"], {});
});

test("a person is called for a page, and never for a recovery", async () => {
  const mention = "@alex:example.org";
  const page = await written(silent, { mention });
  assert.deepEqual(page["m.mentions"], { user_ids: [mention] });
  assert.match(page.body!, /^@alex:example\.org 🚨/);
  assert.match(
    page.formatted_body!,
    /^<a href="https:\/\/matrix\.to\/#\/%40alex%3Aexample\.org">@alex:example\.org<\/a> /,
  );
  assert.deepEqual((await written(silent, { mention: "@room" }))["m.mentions"], { room: true });
  assert.deepEqual((await written({ ...silent, type: "incident.resolved" }, { mention }))["m.mentions"], {});
});

test("the same message sent again is the same event", async () => {
  await using matrix = await startMatrix();
  const channel = open(matrix);
  const first = await channel.send(silent, never);
  assert.deepEqual(await channel.send(silent, never), first);
  assert.notDeepEqual(await channel.send({ ...silent, id: "another" }, never), first);
  assert.equal(matrix.events.length, 2);
});

test("an update edits the first event, and so does the next one", async () => {
  await using matrix = await startMatrix();
  const channel = open(matrix, { mention: "@room" });
  assert.equal(channel.canUpdate, true);
  const update = { ...grouped, type: "incident.updated" as const, title: "4 agents silent" };
  assert.deepEqual(await channel.send(grouped, never), { sent: true, receipt: "$event-1" });
  for (const id of ["a", "b"]) {
    assert.deepEqual(await channel.send({ ...update, id }, never, "$event-1"), { sent: true, receipt: "$event-1" });
  }
  const { content } = matrix.events[2]!;
  assert.deepEqual(content["m.relates_to"], { rel_type: "m.replace", event_id: "$event-1" });
  assert.match(content.body!, /^\* 🚨 4 agents silent/);
  assert.match(content["m.new_content"]!.body!, /^🚨 4 agents silent/);
  assert.deepEqual(content["m.mentions"], {});
});

test("an acknowledgement edits what was written, calls nobody, and is never an event to read", async () => {
  await using matrix = await startMatrix();
  const channel = open(matrix, { mention: "@room" });
  assert.equal(channel.hearsAcknowledgements, true);
  for (const receipt of [null, "of another channel"])
    assert.deepEqual(await channel.send(acknowledged, never, receipt), { sent: true });
  assert.equal(matrix.events.length, 0);
  await channel.send(grouped, never);
  assert.deepEqual(await channel.send(acknowledged, never, "$event-1"), { sent: true, receipt: "$event-1" });
  const { content } = matrix.events[1]!;
  assert.deepEqual(content["m.relates_to"], { rel_type: "m.replace", event_id: "$event-1" });
  assert.deepEqual([content.msgtype, content["m.mentions"]], ["m.notice", {}]);
  const { body } = content["m.new_content"]!;
  assert.match(body!, /^👀 3 agents silent since 03:12:00 UTC\nAcknowledged by Ada at 03:20:00 UTC/);
  assert.doesNotMatch(body!, /Acknowledge:/);
});

test("a message without an end is shortened to what an event may hold, as an edit too", async () => {
  await using matrix = await startMatrix();
  const edit = { ...endless, id: "edit", type: "incident.updated" as const };
  assert.equal((await open(matrix).send(endless, never)).sent, true);
  assert.equal((await open(matrix).send(edit, never, "$event-1")).sent, true);
  assert.match(matrix.events[1]!.content["m.new_content"]!.formatted_body!, /act\/a1">Acknowledge/);
});

test("a homeserver below a path is reached there", async () => {
  await using matrix = await startMatrix();
  await open(matrix, { server: `${matrix.server}/synapse/` }).send(silent, never);
  assert.match(
    matrix.receiver.received[0]!.path,
    /^\/synapse\/_matrix\/client\/v3\/rooms\/!kAuwzRoom%3Aexample\.org\/send\//,
  );
});

test("a rate limit waits at least as long as the server says", async () => {
  await using matrix = await startMatrix();
  matrix.answerNext(matrixError(429, "M_LIMIT_EXCEEDED", "Too Many Requests", { retry_after_ms: 2_345 }));
  const outcome = await open(matrix).send(silent, never);
  assert.ok(!outcome.sent && outcome.retry);
  assert.equal(outcome.retryAfterMs, 2_345);
});

test("a wrong token and a room without the user are final, say what to do, and hold no token", async () => {
  await using matrix = await startMatrix();
  assert.deepEqual(await open(matrix, { token: "syt_of_yesterday" }).send(silent, never), {
    sent: false,
    retry: false,
    error: `${matrix.host} answered 401: M_UNKNOWN_TOKEN Invalid access token passed. The \`token\` is wrong or was logged out: log in again and take the new one`,
  });
  const outside = await open(matrix, { room: "!other:example.org" }).send(silent, never);
  assert.ok(!outside.sent && !outside.retry);
  assert.match(outside.error, /403: M_FORBIDDEN User .* invite it into the room/);
  matrix.answerNext(matrixError(403, "M_FORBIDDEN", `not for ${matrixToken}`));
  assert.doesNotMatch(JSON.stringify(await open(matrix).send(silent, never)), /syt_/);
});

test("a server in trouble, and a 200 that is no event, are tried again", async () => {
  await using matrix = await startMatrix();
  for (const answer of [
    { status: 502, body: "Bad gateway" },
    { status: 200, body: "<html>Please sign in</html>" },
  ]) {
    matrix.answerNext(answer);
    const outcome = await open(matrix).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry);
  }
});

test("an alias instead of a room, a missing token and half a mention are refused when the server starts", () => {
  const config = { type: "matrix", server: "https://matrix.example.org", room: "#ops:example.org", mention: "alex" };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.token", "channels.me.room", "channels.me.mention"],
  );
});

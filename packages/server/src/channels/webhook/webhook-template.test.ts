import assert from "node:assert/strict";
import test from "node:test";
import { Webhook } from "standardwebhooks";
import { grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver } from "../../testing/loopback-receiver.ts";
import { createChannel } from "../create-channel.ts";
import { templateNames } from "./webhook-template.ts";

async function sent(settings: Readonly<Record<string, unknown>>, message = silent) {
  await using hook = await startReceiver();
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true, ...settings });
  assert.equal((await channel.send(message, never)).sent, true);
  return hook.received[0]!;
}

function errorsOf(settings: Readonly<Record<string, unknown>>): readonly string[] {
  const config = { type: "webhook", url: "https://example.org", ...settings };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  return made.ok ? [] : made.errors.map(({ path, message }) => `${path} ${message}`);
}

test("a template makes the body that another service wants", async () => {
  const template =
    '{"summary": {{headline | json}}, "agent": {{agent|json}}, "facts": {{facts | json}}, "link": {{url | json}}}';
  const { headers, body } = await sent({ template }, grouped);
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(body), {
    summary: "3 agents silent since 03:12:00 UTC",
    agent: null,
    facts: { "agents up": "2 of 5", "tokens today": "1,204,551" },
    link: "https://midwatch.example.org/incidents/7",
  });
});

test("what an agent wrote stays in its place, and is not looked at for names again", async () => {
  const title = '", "admin": true, "x": "{{id | json}}\n\\';
  const { body } = await sent({ template: '{"title": {{title | json}}}' }, { ...silent, title });
  assert.deepEqual(JSON.parse(body), { title });
});

test("as text the numbers, the log and the members are lines, and what there is not is nothing", async () => {
  const template = "{{title}}|{{agent}}|{{facts}}|{{log}}|{{members}}|{{acknowledge_url}}";
  const { headers, body } = await sent({ template, content_type: "text/plain; charset=utf-8" }, grouped);
  assert.equal(headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(
    body,
    `3 agents silent since 03:12:00 UTC||agents up: 2 of 5
tokens today: 1,204,551|fetching page 3
ConnectionError: timed out|host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)|https://midwatch.example.org/act/a1`,
  );
});

test("the whole message can be wrapped", async () => {
  const { body } = await sent({ template: '{"event": {{message}}}' });
  assert.deepEqual(JSON.parse(body), { event: silent });
});

test("a body of one's own is signed as it is sent", async () => {
  const { headers, body } = await sent({ template: "[{{title | json}}]", secret: "a secret of some length" });
  const verifier = new Webhook(Buffer.from("a secret of some length"), { format: "raw" });
  assert.deepEqual(verifier.verify(body, headers as Record<string, string>), ["silent since 03:12:00 UTC"]);
});

test("the method and headers of one's own are sent", async () => {
  const { method, headers } = await sent({ method: "PUT", headers: { Authorization: "Basic abc", "X-Team": "ops" } });
  assert.deepEqual([method, headers.authorization, headers["x-team"]], ["PUT", "Basic abc", "ops"]);
});

test("an answer that repeats a header, or a key of the template, is quoted without it", async () => {
  await using hook = await startReceiver((response, { headers, body }) =>
    response.writeHead(403).end(`${headers["x-key"]?.toString()} and ${body}`),
  );
  const settings = { headers: { "X-Key": "hunter2-hunter2" }, template: '{"key": "0123456789abcdef0123"}' };
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true, ...settings });
  const outcome = await channel.send(silent, never);
  assert.equal(outcome.sent ? "" : outcome.error, `127.0.0.1:${hook.port} answered 403: … and {"key": "…"}`);
});

test("a name that no message has is refused with those there are", () => {
  const [error] = errorsOf({ template: '{"x": {{titel | json}}}' });
  assert.equal(
    error,
    `channels.me.template names "titel", which no message has; there are ${templateNames.join(", ")}`,
  );
});

test("a template that would make broken JSON of some message is refused when the server starts", () => {
  const [quoted] = errorsOf({ template: '{"title": "{{title}}"}' });
  assert.match(quoted!, /does not make JSON of every message\. Write \{\{title \| json\}\}, without quotes around it/);
  const [broken] = errorsOf({ template: '{"key": hunter2, "title": {{title | json}}}' });
  assert.match(broken!, /does not make JSON/);
  assert.doesNotMatch(broken!, /hunter2/);
  assert.match(errorsOf({ template: "x", content_type: "application/problem+json" })[0]!, /does not make JSON/);
  assert.deepEqual(errorsOf({ template: "{{title}}", content_type: "text/plain" }), []);
});

test("an unknown filter, a brace that is not closed and other slips are named", () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ template: "{{title | upper}}" }, /template has \{\{title \| …\}\} with a filter that does not exist/],
    [{ template: '{"x": "{{title"}' }, /template opens "\{\{" somewhere/],
    [{ content_type: "text/plain" }, /content_type is for a `template`/],
    [{ template: "{}", content_type: "json\r\nx: y" }, /content_type must be a media type/],
    [{ method: "GET" }, /method must be one of POST, PUT/],
    [{ headers: ["a: b"] }, /headers must be a mapping/],
    [{ headers: { "Webhook-Id": "1" } }, /headers\.Webhook-Id is set by Midwatch itself/],
    [{ headers: { "a b": "1" } }, /headers\.a b is no name of a header/],
    [{ headers: { a: "1\r\nb: 2" } }, /headers\.a holds what a header can't hold/],
  ];
  for (const [settings, words] of cases) assert.match(errorsOf(settings).join("\n"), words);
});

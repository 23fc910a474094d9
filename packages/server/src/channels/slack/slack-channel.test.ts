import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver } from "../../testing/loopback-receiver.ts";

async function posted(message: WebhookBody): Promise<string> {
  await using slack = await startReceiver();
  const channel = openChannel({ type: "slack", url: slack.url, allow_private: true });
  assert.equal((await channel.send(message, never)).sent, true);
  return (JSON.parse(slack.received[0]!.body) as { text: string }).text;
}

test("the first line says which agent, what and since when", async () => {
  assert.equal(await posted(silent), `:rotating_light: *research-bot: silent since 03:12:00 UTC*\n${silent.text}`);
});

test("what an agent wrote can neither call a channel nor hide a link", async () => {
  const text = await posted({ ...silent, title: "said *<!channel>*", text: "<https://evil.example|bank> & <@U1>" });
  assert.equal(
    text,
    ":rotating_light: *research-bot: said ∗&lt;!channel&gt;∗*\n&lt;https://evil.example|bank&gt; &amp; &lt;@U1&gt;",
  );
});

test("a report keeps its columns, and cannot break out of its frame", async () => {
  const text = await posted({
    ...silent,
    type: "report.daily",
    agent: null,
    title: "Tuesday",
    text: "a  b\n```\nc  d",
  });
  assert.equal(text, ":clipboard: *Tuesday*\n```\na  b\n'''\nc  d\n```");
});

test("a 200 that does not say ok is no receipt", async () => {
  await using slack = await startReceiver((response) => response.end("<html>Please sign in</html>"));
  const channel = openChannel({ type: "slack", url: slack.url, allow_private: true });
  assert.deepEqual(await channel.send(silent, never), {
    sent: false,
    retry: true,
    error: `127.0.0.1:${slack.port} answered 200 but not "ok": <html>Please sign in</html>`,
  });
});

test("a webhook that was taken away is final", async () => {
  await using slack = await startReceiver((response) => response.writeHead(404).end("no_service"));
  const channel = openChannel({ type: "slack", url: slack.url, allow_private: true });
  const outcome = await channel.send(silent, never);
  assert.deepEqual(outcome, { sent: false, retry: false, error: `127.0.0.1:${slack.port} answered 404: no_service` });
});

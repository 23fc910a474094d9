import assert from "node:assert/strict";
import test from "node:test";
import { Webhook } from "standardwebhooks";
import { acknowledged, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver, type Received } from "../../testing/loopback-receiver.ts";

async function receive(secret: string | undefined): Promise<Received> {
  await using hook = await startReceiver();
  const signed = secret === undefined ? {} : { secret };
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true, ...signed });
  assert.equal((await channel.send(silent, never)).sent, true);
  return hook.received[0]!;
}

test("a webhook carries the whole message as JSON, signed so that the library of Standard Webhooks accepts it", async () => {
  const secret = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
  const { headers, body } = await receive(secret);
  const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
  assert.deepEqual(verified, silent);
  assert.equal(headers["webhook-id"], silent.id);
});

test("a secret that is plain text signs with its own bytes, letters beyond ASCII included", async () => {
  const { headers, body } = await receive("geheimnisvoll-äöü-✓");
  const verifier = new Webhook(Buffer.from("geheimnisvoll-äöü-✓"), { format: "raw" });
  assert.deepEqual(verifier.verify(body, headers as Record<string, string>), silent);
});

test("a signature made with another secret is not accepted", async () => {
  const { headers, body } = await receive("one");
  const other = new Webhook("another", { format: "raw" });
  assert.throws(() => other.verify(body, headers as Record<string, string>));
});

test("without a secret there is no signature, but still the id by which a retry is recognised", async () => {
  const { headers } = await receive(undefined);
  assert.equal(headers["webhook-signature"], undefined);
  assert.equal(headers["webhook-id"], silent.id);
});

test("a message whose id is no text for a header still arrives, signed", async () => {
  await using hook = await startReceiver();
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true, secret: "one" });
  const message = { ...silent, id: "inc_42:opened:電話" };
  assert.equal((await channel.send(message, never)).sent, true);
  const { headers, body } = hook.received[0]!;
  const verifier = new Webhook("one", { format: "raw" });
  assert.deepEqual(verifier.verify(body, headers as Record<string, string>), message);
});

test("a program hears of an acknowledgement: who it was, and when", async () => {
  await using hook = await startReceiver();
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  assert.equal(channel.hearsAcknowledgements, true);
  assert.equal((await channel.send(acknowledged, never)).sent, true);
  const { type, thread, acknowledged: by } = JSON.parse(hook.received[0]!.body) as typeof acknowledged;
  assert.deepEqual(
    [type, thread, by],
    ["incident.acknowledged", "group:7", { by: "Ada", at: "2026-11-24T03:20:00.000Z" }],
  );
});

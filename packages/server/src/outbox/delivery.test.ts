import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DAY, HOUR, MINUTE, SECOND, type Ms } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";
import { openSqliteStore, type OutboxRow, type Store } from "@midwatch/store";
import type { Channel, SendOutcome } from "../channels/channel.ts";
import { createChannel } from "../channels/create-channel.ts";
import { silent } from "../testing/channel-examples.ts";
import { startReceiver, type Receiver } from "../testing/loopback-receiver.ts";
import { readChannelHealth } from "./channel-health.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { draftOf } from "./stored-message.ts";

/** A real store in a folder of its own, real receivers, and a clock that the test moves. */
class Outbox implements AsyncDisposable {
  now: Ms = Date.UTC(2026, 10, 24, 3);
  readonly warnings: string[] = [];
  readonly store: Store;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly #folder: string;
  readonly #deliveries: Delivery[] = [];

  private constructor(folder: string, store: Store, receivers: ReadonlyMap<string, Receiver>) {
    this.#folder = folder;
    this.store = store;
    this.receivers = receivers;
  }

  static async open(...names: readonly string[]): Promise<Outbox> {
    const folder = mkdtempSync(join(tmpdir(), "midwatch-outbox-"));
    const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
    const receivers = await Promise.all(names.map(async (name) => [name, await startReceiver()] as const));
    return new Outbox(folder, store, new Map(receivers));
  }

  hook(name: string): Receiver {
    return this.receivers.get(name)!;
  }

  keysAt(name: string): readonly string[] {
    return this.hook(name).received.map(({ headers }) => String(headers["webhook-id"]));
  }

  channels(): ReadonlyMap<string, Channel> {
    return new Map([...this.receivers].map(([name, { url }]) => [name, this.#channel(name, url)]));
  }

  delivery(store: Store = this.store, channels = this.channels()): Delivery {
    const delivery = createDelivery({
      store,
      channels,
      now: () => this.now,
      random: () => 0.5,
      log: { warn: (_facts, text) => this.warnings.push(text), error: (_facts, text) => this.warnings.push(text) },
    });
    this.#deliveries.push(delivery);
    return delivery;
  }

  async write(channel: string, key: string, more: Partial<WebhookBody> = {}): Promise<void> {
    await this.store.addOutbox([draftOf({ ...silent, ...more, id: key }, channel, this.now)]);
  }

  /** Everything due is tried, as it is after every commit. */
  async settle(delivery: Delivery): Promise<void> {
    delivery.wake();
    await delivery.idle();
  }

  async later(delivery: Delivery, ms: number): Promise<void> {
    this.now += ms;
    await this.settle(delivery);
  }

  async rows(): Promise<readonly OutboxRow[]> {
    return (await this.store.outbox({ limit: 100, cursor: null })).items.toReversed();
  }

  #channel(name: string, url: string): Channel {
    const stream = process.stdout;
    const made = createChannel(name, { type: "webhook", url, allow_private: true }, { stream, now: () => this.now });
    assert.ok(made.ok);
    return made.channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.receivers.values()].map((receiver) => receiver[Symbol.asyncDispose]()));
    await Promise.all(this.#deliveries.map((delivery) => delivery.stop()));
    await this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test("a notification is sent once and is then done", async () => {
  await using outbox = await Outbox.open("me");
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  await outbox.later(delivery, DAY);
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
  assert.deepEqual(
    (await outbox.rows()).map(({ state }) => state),
    ["sent"],
  );
});

test("a receiver that fails is tried again later with the same key, until it works", async () => {
  await using outbox = await Outbox.open("me");
  outbox.hook("me").answerWith((response) => response.writeHead(503).end("busy"));
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  await outbox.later(delivery, 2 * SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1"], "half of 5 s have not passed");
  await outbox.later(delivery, SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k1"]);
  const [row] = await outbox.rows();
  assert.match(row!.lastError!, /answered 503: busy/);
  outbox.hook("me").answerWith((response) => response.end());
  await outbox.later(delivery, HOUR);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k1", "k1"]);
  assert.equal((await outbox.rows())[0]?.state, "sent");
});

test("what was sent, but not to everyone, is done, and the log is told", async () => {
  await using outbox = await Outbox.open("me");
  const send = () => Promise.resolve({ sent: true, remark: "not delivered to bob@example.org" } as const);
  const delivery = outbox.delivery(outbox.store, new Map([["me", { name: "me", send }]]));
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  assert.equal((await outbox.rows())[0]?.state, "sent");
  assert.deepEqual(outbox.warnings, ["a notification was sent, but not as it should be"]);
});

test("a receiver that asks for patience is left alone for as long as it asked", async () => {
  await using outbox = await Outbox.open("me");
  outbox.hook("me").answerWith((response) => response.writeHead(429, { "retry-after": "600" }).end());
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  await outbox.later(delivery, 599 * SECOND);
  assert.equal(outbox.keysAt("me").length, 1);
  await outbox.later(delivery, SECOND);
  assert.equal(outbox.keysAt("me").length, 2);
});

test("an agent's messages keep their order on a channel; other agents and channels do not wait for it", async () => {
  await using outbox = await Outbox.open("me", "team");
  outbox
    .hook("me")
    .answerWith((response, { body }) => response.writeHead(body.includes('"id":"alarm"') ? 500 : 200).end());
  const delivery = outbox.delivery();
  await outbox.write("me", "alarm");
  await outbox.write("me", "recovery");
  await outbox.write("me", "of-another-agent", { agent: "other-bot" });
  await outbox.write("team", "on-another-channel");
  await outbox.settle(delivery);
  assert.deepEqual(outbox.keysAt("me").toSorted(), ["alarm", "of-another-agent"]);
  assert.deepEqual(outbox.keysAt("team"), ["on-another-channel"]);
  outbox.hook("me").answerWith((response) => response.end());
  await outbox.later(delivery, MINUTE);
  assert.deepEqual(outbox.keysAt("me").slice(2), ["alarm", "recovery"]);
});

test("a channel that hangs takes up its own few places and delays no other", async () => {
  await using outbox = await Outbox.open("hangs", "works");
  outbox.hook("hangs").answerWith(() => undefined);
  const delivery = outbox.delivery();
  for (let n = 0; n < 10; n += 1) await outbox.write("hangs", `h${n}`, { agent: `bot-${n}` });
  for (let n = 0; n < 10; n += 1) await outbox.write("works", `w${n}`, { agent: `bot-${n}` });
  delivery.wake();
  await outbox.hook("works").arrived(10);
  await outbox.hook("hangs").arrived(4);
  assert.equal(outbox.keysAt("hangs").length, 4);
});

test("a receiver that asks for patience gets it from the whole channel, and other channels go on", async () => {
  await using outbox = await Outbox.open("me", "team");
  outbox.hook("me").answerWith((response) => response.writeHead(429, { "retry-after": "120" }).end());
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  await outbox.write("me", "k2", { agent: "other-bot" });
  await outbox.write("team", "k3");
  await outbox.later(delivery, 119 * SECOND);
  assert.deepEqual([outbox.keysAt("me"), outbox.keysAt("team")], [["k1"], ["k3"]]);
  outbox.hook("me").answerWith((response) => response.end());
  await outbox.later(delivery, SECOND);
  assert.deepEqual(outbox.keysAt("me").toSorted(), ["k1", "k1", "k2"]);
});

test("a receiver that asks for a day keeps that message away, and is asked again about others after ten minutes", async () => {
  await using outbox = await Outbox.open("me");
  outbox.hook("me").answerWith((response) => response.writeHead(503, { "retry-after": "86400" }).end());
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  outbox.hook("me").answerWith((response) => response.end());
  await outbox.write("me", "k2", { agent: "other-bot" });
  await outbox.later(delivery, 10 * MINUTE - SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
  await outbox.later(delivery, SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k2"]);
  await outbox.later(delivery, DAY - 10 * MINUTE);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k2", "k1"]);
});

/** Twenty thousand messages that are older than whatever a test writes, each of an agent of its own. */
async function writeBacklog(outbox: Outbox, channel: string): Promise<void> {
  const drafts = Array.from({ length: 20_000 }, (_, n) => {
    return draftOf({ ...silent, id: `${channel}-${n}`, agent: `bot-${n}` }, channel, outbox.now - HOUR);
  });
  await outbox.store.addOutbox(drafts);
}

for (const [what, configured, send] of [
  ["fails at once", true, (): SendOutcome => ({ sent: false, retry: true, error: "refused" })],
  ["delivers at once", true, (): SendOutcome => ({ sent: true })],
  ["is no longer in the configuration", false, null],
] as const) {
  test(`20,000 messages that wait for a channel that ${what} delay no other channel, and no other work`, async () => {
    await using outbox = await Outbox.open("works");
    await writeBacklog(outbox, "backlog");
    for (let n = 0; n < 10; n += 1) await outbox.write("works", `w${n}`, { agent: `bot-${n}` });
    const backlog: Channel = { name: "backlog", send: () => Promise.resolve(send?.() ?? { sent: true }) };
    const channels = new Map([...(configured ? [["backlog", backlog] as const] : []), ...outbox.channels()]);
    const delivery = outbox.delivery(outbox.store, channels);
    delivery.wake();
    await outbox.hook("works").arrived(10);
    const waiting = (await outbox.store.outboxLag(outbox.now)).get("backlog")?.waiting ?? 0;
    assert.ok(waiting > 15_000, `${waiting} of 20,000 still wait when the other channel has all of its messages`);
    await delivery.stop();
  });
}

test("a worker that died between sending and recording is followed by one that sends the same key again", async () => {
  await using outbox = await Outbox.open("me");
  await outbox.write("me", "k1");
  // What a killed process leaves behind: claimed, received at the other end, never finished.
  const claim = { now: outbox.now, leaseUntil: outbox.now + 30 * SECOND, limit: 1 };
  assert.equal((await outbox.store.claimOutbox(claim)).length, 1);
  await outbox
    .channels()
    .get("me")!
    .send({ ...silent, id: "k1" }, new AbortController().signal);
  const successor = outbox.delivery();
  await outbox.later(successor, 29 * SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1"], "the claim still holds");
  await outbox.later(successor, SECOND);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k1"]);
  assert.equal((await outbox.rows())[0]?.state, "sent");
});

test("a message that was sent but could not be recorded is recorded later and not sent again", async () => {
  await using outbox = await Outbox.open("me");
  let fails = 1;
  const flaky: Store = Object.assign(Object.create(outbox.store) as Store, {
    finishOutbox: (...call: Parameters<Store["finishOutbox"]>) =>
      fails-- > 0 ? Promise.reject(new Error("database is locked")) : outbox.store.finishOutbox(...call),
  });
  const delivery = outbox.delivery(flaky);
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  assert.equal((await outbox.rows())[0]?.state, "claimed");
  await outbox.later(delivery, 31 * SECOND);
  assert.equal((await outbox.rows())[0]?.state, "sent");
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
});

test("a channel that fails for good is marked and reported through another one, once", async () => {
  await using outbox = await Outbox.open("me", "team");
  outbox.hook("me").answerWith((response) => response.writeHead(404).end("no_service"));
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.write("me", "k2");
  await outbox.settle(delivery);
  assert.deepEqual(outbox.keysAt("me"), ["k1", "k2"]);
  assert.deepEqual(outbox.keysAt("team"), ["channel-failing:me:0"]);
  const report = JSON.parse(outbox.hook("team").received[0]!.body) as WebhookBody;
  assert.equal(report.severity, "page");
  assert.equal(report.title, `the channel "me" does not deliver`);
  assert.match(report.text, /answered 404: no_service\.\nLost: research-bot: silent since 03:12:00 UTC\n/);
  const { failing, since, error } = await readChannelHealth(outbox.store, "me");
  assert.deepEqual([failing, since, error?.endsWith("404: no_service")], [true, outbox.now, true]);
  assert.deepEqual(
    (await outbox.rows()).map(({ key, state }) => [key, state]),
    [
      ["k1", "failed"],
      ["k2", "failed"],
      ["channel-failing:me:0", "sent"],
    ],
  );
});

test("a channel that works again loses its mark, and a later failure is reported anew, after a restart too", async () => {
  await using outbox = await Outbox.open("me", "team");
  const gone = outbox.hook("me");
  for (const [key, status] of [
    ["k1", 410],
    ["k2", 200],
    ["k3", 410],
  ] as const) {
    gone.answerWith((response) => response.writeHead(status).end());
    await outbox.write("me", key);
    await outbox.settle(outbox.delivery());
    assert.equal((await readChannelHealth(outbox.store, "me")).failing, status === 410);
  }
  assert.deepEqual(outbox.keysAt("team"), ["channel-failing:me:0", "channel-failing:me:1"]);
});

test("when every channel fails, nothing goes round in circles", async () => {
  await using outbox = await Outbox.open("me", "team");
  for (const name of ["me", "team"]) outbox.hook(name).answerWith((response) => response.writeHead(401).end());
  const delivery = outbox.delivery();
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  await outbox.later(delivery, DAY);
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
  assert.deepEqual(outbox.keysAt("team"), ["channel-failing:me:0"]);
});

test("a message for a channel that was taken out of the configuration ends with a reason, and is reported", async () => {
  await using outbox = await Outbox.open("team");
  const delivery = outbox.delivery();
  await outbox.write("gone", "k1");
  await outbox.settle(delivery);
  const [row] = await outbox.rows();
  assert.deepEqual(
    [row?.state, row?.lastError],
    ["failed", `there is no channel "gone" in the configuration any more`],
  );
  assert.deepEqual(outbox.keysAt("team"), ["channel-failing:gone:0"]);
});

test("after a stop nothing more is claimed, and what waits is there for the next start", async () => {
  await using outbox = await Outbox.open("me");
  const delivery = outbox.delivery();
  delivery.start();
  await delivery.stop();
  await outbox.write("me", "k1");
  delivery.wake();
  await delivery.idle();
  assert.deepEqual(outbox.keysAt("me"), []);
  await outbox.settle(outbox.delivery());
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
});

test("an outbox that cannot be read is looked at again, and delivery goes on", async () => {
  await using outbox = await Outbox.open("me");
  let fails = 1;
  const flaky: Store = Object.assign(Object.create(outbox.store) as Store, {
    claimOutbox: (...call: Parameters<Store["claimOutbox"]>) =>
      fails-- > 0 ? Promise.reject(new Error("database is locked")) : outbox.store.claimOutbox(...call),
  });
  const delivery = outbox.delivery(flaky);
  await outbox.write("me", "k1");
  await outbox.settle(delivery);
  assert.deepEqual(outbox.warnings, ["could not read the outbox; notifications wait and are looked for again"]);
  await outbox.settle(delivery);
  assert.deepEqual(outbox.keysAt("me"), ["k1"]);
});

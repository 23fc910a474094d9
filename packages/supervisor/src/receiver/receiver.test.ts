import assert from "node:assert/strict";
import { request } from "node:http";
import { test, type TestContext } from "node:test";
import type { BeatAnswer } from "@midwatch/protocol";
import type { ReceivedBeat } from "../keeper/received-beat.ts";
import { until } from "../testing/until.ts";
import { Receiver } from "./receiver.ts";
import { notStored, unknownAgent } from "./refusal.ts";
import type { Reply } from "./reply.ts";

const key = "mw_local";
const now = 1_700_000_000_000;

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly error?: { code: string; message: string; details?: { path: string }[] } } & Record<
    string,
    unknown
  >;
}

test("a beat is answered as the server answers it", async (t) => {
  const { post, received } = await receiverFor(t);
  const { status, body } = await post("/api/v1/heartbeat", { agent: "bot", tokens_used: 3, run_id: "r", seq: 4 });
  assert.equal(status, 200);
  assert.deepEqual(body, answerFor("bot"));
  const [beat] = received;
  assert.equal(beat?.beat.tokens, 3);
  assert.deepEqual(beat.identity, { by: "seq", runId: "r", instance: "", seq: 4 });
  assert.deepEqual([beat.at, beat.spooled], [now, false]);
});

test("each way to get it wrong has the status and the words of the wire", async (t) => {
  const { post } = await receiverFor(t);
  const beat = "/api/v1/heartbeat";
  const cases: [string, Promise<Answered>, number, RegExp][] = [
    ["no key", post(beat, { agent: "bot" }, {}), 401, /no key was given/],
    [
      "wrong key",
      post(beat, { agent: "bot" }, { authorization: "Bearer mw_other" }),
      401,
      /not the one of this supervisor/,
    ],
    ["not JSON", post(beat, "{agent"), 400, /not JSON/],
    ["twice a key", post(beat, '{"agent":"bot","agent":"cat"}'), 400, /agent comes twice/],
    ["a wrong field", post(beat, { agent: "bot", tokens_used: "3", seq: -1 }), 422, /tokens_used .*; seq /],
    ["too large", post(beat, { agent: "bot", message: "x".repeat(65_536) }), 413, /larger than 64 KiB/],
    ["too large a batch", post("/api/v1/heartbeats", "x".repeat(8 * 2 ** 20 + 1)), 413, /larger than 8 MiB/],
    ["another address", post("/api/v1/agents", {}), 404, /there is no POST \/api\/v1\/agents here/],
    ["an unknown agent", post(beat, { agent: "unknown" }), 404, /no agent is called unknown here/],
    ["a full disk", post(beat, { agent: "full" }), 503, /not safe yet; send it again/],
  ];
  for (const [what, answered, status, message] of cases) {
    const answer = await answered;
    assert.equal(answer.status, status, what);
    assert.match(answer.body.error?.message ?? "", message, what);
  }
  const full = await post(beat, { agent: "full" });
  assert.equal(full.headers.get("retry-after"), "5");
  const wrong = await post(beat, { agent: "bot", tokens_used: "3", seq: -1 });
  assert.deepEqual(
    wrong.body.error?.details?.map(({ path }) => path),
    ["tokens_used", "seq"],
  );
});

test("the key may come as X-API-Key", async (t) => {
  const { post } = await receiverFor(t);
  assert.equal((await post("/api/v1/heartbeat", { agent: "bot" }, { "x-api-key": key })).status, 200);
});

test("a batch is answered beat by beat, and its times are put right by the sender's clock", async (t) => {
  const { post, received } = await receiverFor(t);
  const sentAt = 5_000_000;
  const { status, body } = await post("/api/v1/heartbeats", {
    sent_at: sentAt,
    beats: [{ agent: "bot" }, { agent: 7 }, { agent: "bot", received_at: sentAt - 60_000 }],
  });
  assert.equal(status, 200);
  const beats = body["beats"] as { ok?: boolean; error?: { code: string } }[];
  assert.deepEqual(
    beats.map(({ ok, error }) => ok ?? error?.code),
    [true, "invalid_field", true],
  );
  assert.deepEqual(
    received.map(({ at, spooled }) => [at - now, spooled]),
    [
      [0, false],
      [-60_000, true],
    ],
  );
});

test("a batch of which nothing could be stored is to be sent again as a whole", async (t) => {
  const { post } = await receiverFor(t);
  assert.equal((await post("/api/v1/heartbeats", { beats: [{ agent: "full" }, { agent: "full" }] })).status, 503);
  assert.equal((await post("/api/v1/heartbeats", { beats: [{ agent: "full" }, { agent: "bot" }] })).status, 200);
});

test("a home-made beat that is sent again because its connection broke counts once", async (t) => {
  const { post, received, port, hold } = await receiverFor(t);
  const release = hold();
  const broken = request({
    port,
    host: "127.0.0.1",
    method: "POST",
    path: "/api/v1/heartbeat",
    headers: { "x-api-key": key },
  });
  broken.on("error", () => {
    // Broken on purpose.
  });
  broken.end(JSON.stringify({ agent: "bot", tokens_used: 5 }));
  await until("it has arrived", () => received.length === 1);
  broken.destroy();
  await until(
    "both ends of the connection are gone",
    () => !process.getActiveResourcesInfo().includes("TCPSocketWrap"),
  );
  const again = post("/api/v1/heartbeat", { agent: "bot", tokens_used: 5 });
  release();
  assert.equal((await again).status, 200);
  assert.equal(received.length, 1);
  await post("/api/v1/heartbeat", { agent: "bot", tokens_used: 5 });
  assert.equal(received.length, 2, "the next equal body is a beat of its own");
});

interface ReceiverInTest {
  readonly port: number;
  readonly received: ReceivedBeat[];
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answered>;
  /** Holds answers back until the returned function is called. */
  readonly hold: () => () => void;
}

async function receiverFor(t: TestContext): Promise<ReceiverInTest> {
  const received: ReceivedBeat[] = [];
  let held: Promise<undefined> = Promise.resolve(undefined);
  const receiver = await Receiver.open({
    address: { port: 0, key },
    now: () => now,
    receive: async (beat): Promise<Reply> => {
      const { agent } = beat.beat;
      if (agent === "unknown") return { ok: false, refusal: unknownAgent(agent) };
      if (agent === "full") return { ok: false, refusal: notStored };
      received.push(beat);
      await held;
      return { ok: true, answer: answerFor(agent) };
    },
  });
  t.after(() => receiver.close());
  const { port } = receiver;
  return {
    port,
    received,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      held = promise;
      return () => resolve(undefined);
    },
    post: async (path, body, headers = { authorization: `Bearer ${key}` }) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Answered["body"] };
    },
  };
}

function answerFor(agent: string): BeatAnswer {
  const nothing = { reason: null, next_beat_by: null, warning: null };
  return { ok: true, agent, agent_id: 1, state: "up", directive: "continue", ...nothing };
}

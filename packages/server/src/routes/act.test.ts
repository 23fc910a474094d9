import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DAY, defaultSettings, HOUR, MINUTE, SECOND } from "@midwatch/core";
import type { AgentView, CommandView, EventView, IncidentView, Page, SilenceView } from "@midwatch/protocol";
import { look, messages, pathOf, press, withLinks } from "../testing/act-links.ts";
import { startReceiver } from "../testing/loopback-receiver.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { batch, beatItem, commands } from "../testing/supervisor-calls.ts";
import { createTestClock, type TestClock } from "../testing/test-clock.ts";
import { passTime, startTestServer, type TestServer } from "../testing/test-server.ts";

async function goesSilent(midwatch: TestServer, clock: TestClock, agent = "bot-1"): Promise<void> {
  await midwatch.beat({ agent, interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
}

/** An agent that a supervisor keeps hangs, and a message of it goes out. */
async function keptHangs(midwatch: TestServer, clock: TestClock): Promise<void> {
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())]);
  const fact = { type: "hung", at: clock.now(), agent: "kept", run_id: "r1", last_beat_at: clock.now() } as const;
  await batch(midwatch, clock.now(), [{ n: 2, fact }]);
  await passTime(clock, midwatch, SECOND);
}

async function incidentOf(midwatch: TestServer, agent: string): Promise<IncidentView> {
  const { body } = await midwatch.get<Page<IncidentView>>(`/api/v1/incidents?agent=${agent}`);
  return body.items[0] ?? assert.fail(`${agent} has no incident`);
}

async function eventsOf(midwatch: TestServer, agent: string): Promise<readonly EventView[]> {
  return (await midwatch.get<Page<EventView>>(`/api/v1/agents/${agent}/events?limit=200`)).body.items;
}

test("opening a link ten times, as previews do, changes nothing; pressing the button acts once and says who did it", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  const path = pathOf(hook, "acknowledge");
  for (let n = 0; n < 10; n += 1) {
    const { status, html } = await look(midwatch, path);
    assert.equal(status, 200);
    assert.match(html, /You look after it/);
    assert.match(html, /nobody has acknowledged it/);
  }
  assert.equal((await look(midwatch, path, { method: "HEAD" })).status, 200);
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged, null);

  const first = await press(midwatch, path, "Ada");
  assert.deepEqual([first.status, /Done: Acknowledge/.test(first.html)], [200, true]);
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged?.by, "Ada, from a message");
  const again = await press(midwatch, path, "Bo");
  assert.equal(again.status, 409);
  assert.match(again.html, /It was done on 2026-11-24 03:03 UTC by Ada, from a message/);
  assert.equal((await look(midwatch, path)).status, 409);
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged?.by, "Ada, from a message");
});

test("of many who press at once one acts", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  const path = pathOf(hook, "silence");
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await press(midwatch, path)).status));
  assert.deepEqual(statuses.toSorted(), [200, 409, 409, 409, 409, 409, 409, 409]);
  assert.equal((await midwatch.get<{ items: SilenceView[] }>("/api/v1/silences")).body.items.length, 1);
});

test("a link that was changed, cut off, or made by another server is refused, and so is one that is older than three days", async () => {
  await using hook = await startReceiver();
  await using elsewhere = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  const itsClock = createTestClock();
  await using other = await startTestServer({ ...withLinks(elsewhere), clock: itsClock });
  await goesSilent(midwatch, clock);
  await goesSilent(other, itsClock);
  const path = pathOf(hook, "acknowledge");
  const [version = "", payload = "", signature = ""] = path.slice("/act/".length).split(".");
  const silence = Buffer.from(payload, "base64url").toString().replace("acknowledge", "silence");
  const forged = [
    pathOf(elsewhere, "acknowledge"),
    `/act/${version}.${Buffer.from(silence).toString("base64url")}.${signature}`,
    `/act/v2.${payload}.${signature}`,
    `/act/${version}.${payload}.${signature.slice(0, -1)}`,
    `/act/${version}.${payload}.${signature}=`,
    `/act/${version}.${payload}.`,
    "/act/nonsense",
  ];
  for (const one of forged) {
    for (const { status, html } of [await look(midwatch, one), await press(midwatch, one, "Eve")]) {
      assert.equal(status, 403, one);
      assert.match(html, /This link does not work/);
    }
  }
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged, null);
  clock.advance(3 * DAY);
  for (const { status, html } of [await look(midwatch, path), await press(midwatch, path)]) {
    assert.equal(status, 410);
    assert.match(html, /too old/);
  }
});

test("when it is over, a link says so and does nothing", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  await midwatch.beat({ agent: "bot-1", interval_s: 60 });
  await passTime(clock, midwatch, SECOND);
  const over = messages(hook).at(-1);
  assert.deepEqual([over?.type, over?.actions], ["incident.resolved", []]);
  for (const action of ["acknowledge", "silence"] as const) {
    const { status, html } = await press(midwatch, pathOf(hook, action));
    assert.equal(status, 409);
    assert.match(html, /over since 2026-11-24 03:03 UTC/);
  }
  assert.deepEqual((await midwatch.get<{ items: SilenceView[] }>("/api/v1/silences")).body.items, []);
});

test("what the API knows to be acknowledged a link does not acknowledge again, and says by whom it was", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  const { id } = await incidentOf(midwatch, "bot-1");
  await midwatch.post(`/api/v1/incidents/${id}/ack`, { by: "Cy" });
  const { status, html } = await press(midwatch, pathOf(hook, "acknowledge"), "Ada");
  assert.equal(status, 409);
  assert.match(html, /Cy acknowledged it already/);
});

test("a link silences the one kind of incident of the one agent for an hour", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  assert.match((await look(midwatch, pathOf(hook, "silence"))).html, /For an hour nobody is told of “silent” of bot-1/);
  await press(midwatch, pathOf(hook, "silence"));
  const [silence] = (await midwatch.get<{ items: SilenceView[] }>("/api/v1/silences")).body.items;
  assert.deepEqual(
    [silence?.agents, silence?.kinds, silence?.by],
    [["bot-1"], ["silent"], "a link sent to desk"],
    "without a name the channel is known",
  );
  assert.equal(Date.parse(silence?.until ?? ""), clock.now() + HOUR);
});

test("a kept agent is restarted by a link as by the API, and the command says who asked", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await keptHangs(midwatch, clock);
  assert.deepEqual(
    messages(hook)[0]?.actions.map(({ action }) => action),
    ["acknowledge", "restart", "silence"],
  );
  const path = pathOf(hook, "restart");
  assert.match((await look(midwatch, path)).html, /The supervisor on box-1 stops kept and starts it again/);
  assert.equal((await press(midwatch, path, "Ada")).status, 200);
  const [asked] = (await midwatch.get<Page<CommandView>>("/api/v1/agents/kept/commands")).body.items;
  assert.deepEqual([asked?.command, asked?.by, asked?.asked_with], ["restart", "Ada, from a message", "a message"]);
  assert.equal((await commands(midwatch)).body.commands[0]?.command, "restart");
  assert.ok((await eventsOf(midwatch, "kept")).some(({ text }) => text === "Ada, from a message: restart"));
});

test("an agent that nobody keeps is not offered to be restarted", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  assert.deepEqual(
    messages(hook)[0]?.actions.map(({ action, label }) => `${action}: ${label}`),
    ["acknowledge: Acknowledge", "silence: Silence for an hour"],
  );
});

test("a cap of an agent is raised by half, which ends the pause, and the history says who did it", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const defaults = { ...defaultSettings, budget: { tokens_per_day: 1_000 } };
  await using midwatch = await startTestServer({ ...withLinks(hook), clock, defaults });
  await midwatch.beat({ agent: "bot-1", tokens_used: 1_200 });
  await passTime(clock, midwatch, SECOND);
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/bot-1")).body.state, "paused");
  const path = pathOf(hook, "raise-cap");
  assert.match((await look(midwatch, path)).html, /from 1,000 tokens a day to 1,800 tokens a day/);
  await press(midwatch, path, "Ada");
  assert.notEqual((await midwatch.get<AgentView>("/api/v1/agents/bot-1")).body.state, "paused");
  const { body } = await midwatch.get<{ in_force: { budget: object } }>("/api/v1/agents/bot-1/settings");
  assert.deepEqual(body.in_force.budget, { tokens_per_day: 1_800 });
  const raised = "Ada, from a message: raised the cap, from 1,000 tokens a day to 1,800 tokens a day";
  assert.ok((await eventsOf(midwatch, "bot-1")).some(({ kind, text }) => kind === "commanded" && text === raised));
});

test("a cap over all agents is raised by a link, too", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const budgets = { install: { usd_per_day: 2_000_000 }, tags: {} };
  await using midwatch = await startTestServer({ ...withLinks(hook), clock, budgets });
  await midwatch.beat({ agent: "bot-1", tokens_used: 10, cost_usd: 2.5 });
  await passTime(clock, midwatch, SECOND);
  const path = pathOf(hook, "raise-cap");
  assert.match((await look(midwatch, path)).html, /The cap for all agents goes up: from \$2 a day to \$3\.80 a day/);
  assert.equal((await press(midwatch, path, "Ada")).status, 200);
  const { body } = await midwatch.get<{ items: { name: string; limits: { limit_usd?: number }[] }[] }>(
    "/api/v1/budgets",
  );
  assert.match(JSON.stringify(body.items[0]), /3\.8/);
  assert.equal((await press(midwatch, path, "Bo")).status, 409);
});

test("a dear cycle that paused an agent is let go by a link", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const defaults = { ...defaultSettings, budget: { tokens_per_cycle: 1_000 } };
  await using midwatch = await startTestServer({ ...withLinks(hook), clock, defaults });
  await midwatch.beat({ agent: "bot-1", tokens_used: 1_200 });
  await passTime(clock, midwatch, SECOND);
  assert.deepEqual(
    messages(hook)[0]?.actions.map(({ action }) => action),
    ["raise-cap", "resume", "acknowledge", "silence"],
  );
  const path = pathOf(hook, "resume");
  assert.match((await look(midwatch, path)).html, /bot-1 goes on\. It is paused: its budget of 1,000 tokens a cycle/);
  await press(midwatch, path, "Ada");
  assert.notEqual((await midwatch.get<AgentView>("/api/v1/agents/bot-1")).body.state, "paused");
  const [asked] = (await midwatch.get<Page<CommandView>>("/api/v1/agents/bot-1/commands")).body.items;
  assert.deepEqual([asked?.command, asked?.by], ["resume", "Ada, from a message"]);
});

test("what an agent costs now is accepted by a link", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  for (let cycle = 1; cycle <= 60; cycle += 1) {
    await midwatch.beat({ agent: "bot-1", cycle, tokens_used: cycle <= 55 ? 2_000 : 400_000 });
    await passTime(clock, midwatch, SECOND);
  }
  const path = pathOf(hook, "accept-baseline");
  const { status } = await press(midwatch, path, "Ada");
  assert.equal(status, 200);
  const [asked] = (await midwatch.get<Page<CommandView>>("/api/v1/agents/bot-1/commands")).body.items;
  assert.deepEqual([asked?.command, asked?.by], ["accept-baseline", "Ada, from a message"]);
});

test("a message about many is acknowledged for all of them", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock, alerts: {} });
  const beats = ["bot-1", "bot-2", "bot-3", "bot-4", "bot-5"].map((agent) => ({ agent, interval_s: 60 }));
  await midwatch.post("/api/v1/heartbeats", { beats });
  await passTime(clock, midwatch, 3 * MINUTE);
  const path = pathOf(hook, "acknowledge");
  assert.match((await look(midwatch, path)).html, /5 incidents open and not acknowledged/);
  assert.equal((await press(midwatch, path, "Ada")).status, 200);
  for (const { agent } of beats)
    assert.equal((await incidentOf(midwatch, agent)).acknowledged?.by, "Ada, from a message");
  await midwatch.post("/api/v1/heartbeats", { beats });
  await passTime(clock, midwatch, 5 * SECOND);
  assert.equal((await look(midwatch, path)).status, 409);
});

test("a deed that is refused leaves the link as it was", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await keptHangs(midwatch, clock);
  await batch(midwatch, clock.now(), [], { agents: ["another"] });
  const path = pathOf(hook, "restart");
  const refused = await press(midwatch, path);
  assert.equal(refused.status, 409);
  assert.match(refused.html, /keeps it no more/);
  await batch(midwatch, clock.now(), []);
  assert.equal((await press(midwatch, path)).status, 200);
});

test("a deed that a server took on and never finished can be done after a minute", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  const { id } = await incidentOf(midwatch, "bot-1");
  const taken = { at: clock.now(), by: "Ada, from a message", abandonedBefore: 0 };
  assert.equal(await midwatch.store.takeLink(`inc_${id}_opened:acknowledge`, taken), true);
  const path = pathOf(hook, "acknowledge");
  const busy = await press(midwatch, path, "Bo");
  assert.equal(busy.status, 409);
  assert.match(busy.html, /being done just now, by Ada/);
  clock.advance(MINUTE + SECOND);
  assert.equal((await press(midwatch, path, "Bo")).status, 200);
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged?.by, "Bo, from a message");
});

test("the page runs nothing, is shown in no frame, kept nowhere, and gives its address to nobody", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await midwatch.beat({ agent: "bot-1", tokens_used: 1, interval_s: 60, message: "<img src=x onerror=alert(1)>" });
  await passTime(clock, midwatch, 3 * MINUTE);
  const path = pathOf(hook, "acknowledge");
  for (const { headers, html } of [await look(midwatch, path), await look(midwatch, "/act/nonsense")]) {
    const policy = headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
      assert.ok(policy.includes(part), policy);
    }
    assert.deepEqual(
      ["cache-control", "referrer-policy", "x-robots-tag"].map((name) => headers.get(name)),
      ["no-store", "no-referrer", "noindex, nofollow"],
    );
    assert.doesNotMatch(html, /<script|<img|https?:\/\//);
  }
  const name = `<b onclick="x">Ada</b>`;
  await press(midwatch, path, name);
  const { html } = await look(midwatch, path);
  assert.ok(html.includes("&lt;b onclick=&quot;x&quot;&gt;Ada&lt;/b&gt;, from a message"), html);
});

test("a page of another site, another kind of body and a long name are refused, in words, and nothing happens", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(midwatch, clock);
  const path = pathOf(hook, "acknowledge");
  const body = new URLSearchParams({ by: "Eve" });
  const foreign = await look(midwatch, path, { method: "POST", body, headers: { "sec-fetch-site": "cross-site" } });
  assert.equal(foreign.status, 403);
  const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  assert.equal((await look(midwatch, path, json)).status, 415);
  assert.equal((await look(midwatch, path, { method: "POST" })).status, 415);
  assert.equal((await press(midwatch, path, "x".repeat(65))).status, 422);
  assert.equal((await press(midwatch, path, "x".repeat(5_000))).status, 413);
  assert.equal((await incidentOf(midwatch, "bot-1")).acknowledged, null);
});

test("without a public address messages have no links, and the server takes none", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...withLinks(hook), publicUrl: null, clock });
  await goesSilent(midwatch, clock);
  const [told] = messages(hook);
  assert.deepEqual([told?.url, told?.actions], [null, []]);
  const { status, html } = await look(midwatch, "/act/v1.e30.x");
  assert.equal(status, 404);
  assert.match(html, /server\.public_url/);
  assert.equal(await midwatch.store.fact("link-key"), null);

  await using linked = await startTestServer({ ...withLinks(hook), clock });
  await goesSilent(linked, clock, "a/b:c");
  assert.equal(messages(hook).at(-1)?.url, "https://midwatch.example.org/#/agents/a%2Fb%3Ac");
});

test("an address that cannot be linked to is refused at the start, and not repeated: it may hold a password", async () => {
  for (const publicUrl of [
    "ftp://example.org",
    "https://me:sesame@example.org",
    "https://example.org/midwatch",
    "example.org",
    "https://example.org/?a",
  ]) {
    await assert.rejects(startTestServer({ publicUrl }), (error: Error) => {
      assert.match(error.message, /server\.public_url/);
      assert.doesNotMatch(error.message, /sesame/);
      return true;
    });
  }
});

test("a link outlives its server, and any server on the same store takes it; the second press anywhere is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-act-"));
  const file = join(folder, "midwatch.db");
  try {
    await using hook = await startReceiver();
    const clock = createTestClock();
    {
      await using first = await startTestServer({ ...withLinks(hook), clock, file });
      await goesSilent(first, clock);
    }
    const path = pathOf(hook, "acknowledge");
    await using second = await startTestServer({ ...withLinks(hook), clock, file });
    await using third = await startTestServer({ ...withLinks(hook), clock, file });
    for (const one of [second, third]) assert.equal((await look(one, path)).status, 200);
    assert.equal((await press(third, path, "Ada")).status, 200);
    assert.equal((await press(second, path, "Bo")).status, 409);
    assert.equal((await incidentOf(second, "bot-1")).acknowledged?.by, "Ada, from a message");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a proxy may hand on the public name to a server that listens only on the loopback", async () => {
  await using hook = await startReceiver();
  await using midwatch = await startTestServer(withLinks(hook));
  const askedAs = (host: string, path: string): Promise<string> =>
    rawRequest(midwatch.server.port, [`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`]);
  assert.match(await askedAs("midwatch.example.org", "/act/nonsense"), /This link does not work/);
  assert.match(await askedAs("evil.example.org", "/act/nonsense"), /listens only on the loopback/);
});

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HOUR, MINUTE, SECOND } from "@midwatch/core";
import type { CommandView, EventView, Page } from "@midwatch/protocol";
import { createTestClock } from "../testing/test-clock.ts";
import { batch, beatItem, commands, outcome } from "../testing/supervisor-calls.ts";
import { codeOf, passTime, startTestServer, type TestServer } from "../testing/test-server.ts";

interface Message {
  readonly message: string;
}

async function listed(midwatch: TestServer, agent = "kept"): Promise<readonly CommandView[]> {
  return (await midwatch.get<Page<CommandView>>(`/api/v1/agents/${agent}/commands`)).body.items;
}

async function ends(midwatch: TestServer): Promise<readonly EventView[]> {
  const { body } = await midwatch.get<Page<EventView>>("/api/v1/agents/kept/events");
  return body.items.filter(({ kind }) => kind === "command-ended");
}

test("what was asked, by whom, with which key and how it ended can be read", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), [beatItem(1, Date.now())]);
  await midwatch.post("/api/v1/agents/kept/restart", { by: "Ada" });
  const [command] = (await commands(midwatch)).body.commands;
  await outcome(midwatch, command?.id ?? "", { ok: true, message: "process 4711 runs" });
  const [only, ...more] = await listed(midwatch);
  assert.equal(more.length, 0);
  const { id, asked_at, finished_at, ...rest } = only ?? assert.fail("the command is not listed");
  assert.deepEqual(rest, {
    agent: "kept",
    command: "restart",
    dependents: false,
    by: "Ada",
    asked_with: "admin",
    supervisor: "sup-1",
    state: "done",
    message: "process 4711 runs",
  });
  assert.equal(id, command?.id);
  assert.ok(finished_at !== null && finished_at >= asked_at);
  const [event, ...others] = await ends(midwatch);
  assert.equal(others.length, 0);
  assert.equal(event?.text, "restart was done: process 4711 runs");
  assert.deepEqual(event.data, { id, asked: "restart", by: "Ada", ok: true });
  assert.equal((await midwatch.call("GET", "/api/v1/agents/kept/commands", { key: midwatch.keys.ingest })).status, 403);
});

test("what needs no supervisor is written down as done", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "free" });
  await midwatch.post("/api/v1/agents/free/pause", { by: "Ada" });
  const [command] = await listed(midwatch, "free");
  assert.deepEqual(
    [command?.command, command?.by, command?.asked_with, command?.supervisor, command?.state],
    ["pause", "Ada", "admin", null, "done"],
  );
});

test("a restart takes along what comes after the agent when that is asked, and only then", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), [beatItem(1, Date.now())]);
  const asked = await midwatch.post<Message>("/api/v1/agents/kept/restart", { dependents: true });
  assert.match(asked.body.message, /was asked to restart it and what comes after it/);
  await midwatch.post("/api/v1/agents/kept/stop");
  const { body } = await commands(midwatch);
  assert.deepEqual(
    body.commands.map((one) => [one.command, one.dependents]),
    [
      ["restart", true],
      ["stop", undefined],
    ],
  );
  for (const [action, dependents] of [
    ["stop", true],
    ["restart", "yes"],
  ] as const) {
    const reply = await midwatch.post(`/api/v1/agents/kept/${action}`, { dependents });
    assert.deepEqual([reply.status, codeOf(reply)], [422, "invalid_field"], action);
  }
});

test("the same asked twice before the supervisor came is one command, and both who asked are in the history", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), [beatItem(1, Date.now())]);
  await midwatch.post("/api/v1/agents/kept/restart", { by: "Ada" });
  const again = await midwatch.post<Message>("/api/v1/agents/kept/restart", { by: "Bo" });
  assert.deepEqual(again.status, 202);
  assert.match(again.body.message, /already/);
  await midwatch.post("/api/v1/agents/kept/stop");
  await midwatch.post("/api/v1/agents/kept/restart");
  assert.deepEqual(
    (await commands(midwatch)).body.commands.map(({ command }) => command),
    ["restart", "stop", "restart"],
    "another in between makes it another",
  );
  const { body } = await midwatch.get<Page<EventView>>("/api/v1/agents/kept/events");
  assert.ok(body.items.some(({ kind, data }) => kind === "commanded" && data["by"] === "Bo"));
});

test("a supervisor that is away is named with since when, and what it never fetches ends after an hour", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())]);
  const heardAt = new Date(clock.now()).toISOString();
  await passTime(clock, midwatch, 40 * SECOND);
  const { status, body } = await midwatch.post<Message>("/api/v1/agents/kept/restart", { by: "Ada" });
  assert.equal(status, 202);
  assert.ok(
    body.message.includes(`box-1 was asked to restart it. It has not been heard since ${heardAt}`),
    body.message,
  );
  clock.advance(HOUR - MINUTE);
  await midwatch.watch.commandExpiry.look();
  assert.deepEqual(await ends(midwatch), []);
  clock.advance(2 * MINUTE);
  await midwatch.watch.commandExpiry.look();
  await midwatch.watch.commandExpiry.look();
  const told = await ends(midwatch);
  assert.deepEqual(
    told.map(({ text }) => text),
    ["restart was not done: the supervisor on box-1 did not fetch it within 1 h, so it will not be done"],
  );
  assert.equal((await listed(midwatch))[0]?.state, "expired");
  await batch(midwatch, clock.now(), []);
  assert.deepEqual((await commands(midwatch)).body.commands, [], "who comes back later is not told of it");
});

test("a command without a word of its outcome ends as well, and a word that comes after all still counts", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())]);
  await midwatch.post("/api/v1/agents/kept/restart");
  const [command] = (await commands(midwatch)).body.commands;
  clock.advance(HOUR + MINUTE);
  await midwatch.watch.commandExpiry.look();
  assert.match((await listed(midwatch))[0]?.message ?? "", /has not said within 1 h/);
  await outcome(midwatch, command?.id ?? "", { ok: true, message: "" });
  assert.equal((await listed(midwatch))[0]?.state, "done");
  assert.deepEqual(
    (await ends(midwatch)).map(({ data }) => data["ok"]),
    [true, false],
  );
});

test("a supervisor is not asked for what it keeps no more", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), [beatItem(1, Date.now())]);
  await batch(midwatch, Date.now(), [], { agents: ["another"] });
  const reply = await midwatch.post<{ error: Message }>("/api/v1/agents/kept/restart");
  assert.deepEqual([reply.status, codeOf(reply)], [409, "not_supervised"]);
  assert.match(reply.body.error.message, /the supervisor on box-1, which kept it, keeps it no more/);
  assert.equal((await midwatch.post("/api/v1/agents/kept/pause")).status, 200, "pausing works by the next beat");
  const unknown = await midwatch.post("/api/v1/agents/nobody/restart");
  assert.deepEqual([unknown.status, codeOf(unknown)], [404, "unknown_agent"]);
  await batch(midwatch, Date.now(), []);
  assert.equal((await midwatch.post("/api/v1/agents/kept/restart")).status, 202);
});

test("a command outlives the server that wrote it down", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-commands-"));
  const file = join(folder, "midwatch.db");
  try {
    {
      await using first = await startTestServer({ file });
      await batch(first, Date.now(), [beatItem(1, Date.now())]);
      await first.post("/api/v1/agents/kept/restart", { by: "Ada" });
    }
    await using second = await startTestServer({ file });
    const [command] = (await commands(second)).body.commands;
    assert.deepEqual([command?.command, command?.by], ["restart", "Ada"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

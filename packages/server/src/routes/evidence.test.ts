import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "@midwatch/core";
import type {
  EventView,
  EvidenceView,
  IncidentView,
  Page,
  RecoveryView,
  SpoolItem,
  SupervisorFact,
  WebhookBody,
} from "@midwatch/protocol";
import { StoreError } from "@midwatch/store";
import { startReceiver } from "../testing/loopback-receiver.ts";
import { batch, beatItem } from "../testing/supervisor-calls.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { codeOf, startTestServer, type TestServer } from "../testing/test-server.ts";

const stack = { name: "stack", text: "at think (agent.mjs:12)\n\u001b[31m<script>alert(1)</script>" } as const;

type Evidence = Extract<SupervisorFact, { type: "evidence" }>;

function evidenceItem(n: number, at: number, over: Partial<Evidence> = {}): SpoolItem {
  const fact: Evidence = {
    type: "evidence",
    at,
    agent: "kept",
    run_id: "r1",
    why: "hung",
    summary: "spins in think() at agent.mjs:12",
    items: [stack, { name: "output", text: "the last line" }],
    ...over,
  };
  return { n, fact };
}

const hungItem = (n: number, at: number): SpoolItem => ({
  n,
  fact: { type: "hung", at, agent: "kept", run_id: "r1", last_beat_at: at - 126 * SECOND },
});

const exitItem = (n: number, at: number): SpoolItem => ({
  n,
  fact: {
    type: "exited",
    at,
    agent: "kept",
    run_id: "r1",
    exit: { code: 3, signal: null, stopped_for: null, oom: null, last_lines: ["boom"] },
  },
});

async function incidents(midwatch: TestServer): Promise<readonly IncidentView[]> {
  return (await midwatch.get<Page<IncidentView>>("/api/v1/incidents")).body.items;
}

test("evidence stands with the incident of its hang, in its text once, and is read whole", async () => {
  await using midwatch = await startTestServer();
  const now = Date.now();
  await batch(midwatch, now, [beatItem(1, now), hungItem(2, now)]);
  const before = (await incidents(midwatch))[0]?.text ?? "";
  await batch(midwatch, now, [evidenceItem(3, now + 900)]);
  const [incident] = await incidents(midwatch);
  assert.equal(incident?.text, `${before} Evidence: spins in think() at agent.mjs:12.`);
  assert.deepEqual(
    incident.evidence.map(({ why, summary }) => [why, summary]),
    [["hung", "spins in think() at agent.mjs:12"]],
  );
  const id = incident.evidence[0]?.id ?? 0;
  const { body } = await midwatch.get<EvidenceView>(`/api/v1/evidence/${id}`);
  assert.deepEqual(body.items, [stack, { name: "output", text: "the last line" }]);
  assert.deepEqual([body.agent, body.run_id, body.at], ["kept", "r1", incident.evidence[0]?.at]);
  const { body: events } = await midwatch.get<Page<EventView>>("/api/v1/agents/kept/events");
  assert.equal(events.items.filter(({ kind }) => kind === "evidence-taken").length, 1);
});

test("evidence of a crash comes before its incident, in the same batch or an earlier one, and is found there", async () => {
  await using midwatch = await startTestServer();
  const now = Date.now();
  const crash = { why: "crashed", summary: "boom" } as const;
  await batch(midwatch, now, [beatItem(1, now), evidenceItem(2, now - 20, crash), exitItem(3, now)]);
  assert.deepEqual(
    (await incidents(midwatch)).map(({ kind, evidence }) => [kind, evidence.map(({ summary }) => summary)]),
    [["crashed", ["boom"]]],
  );
});

test("a batch that comes again brings its evidence once", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  const now = clock.now();
  const items = [beatItem(1, now), hungItem(2, now), evidenceItem(3, now)];
  for (let time = 0; time < 3; time += 1) await batch(midwatch, now, items);
  // A spool that this server has forgotten still has the same items under the same numbers.
  await midwatch.store.prune({ beats: 0, history: now + 1, incidents: 0, outbox: 0 }, 100);
  assert.equal(await midwatch.store.spoolUpto("sup-1", "spool-a"), 0);
  await batch(midwatch, now, items);
  assert.equal((await incidents(midwatch))[0]?.evidence.length, 1);
});

test("a batch whose commit fails leaves nothing behind, and all of it comes again", async () => {
  let fails = false;
  await using midwatch = await startTestServer({
    wrapStore: (store) => ({
      ...store,
      fold: async (names, decide) => {
        if (fails) throw new StoreError("busy", "the database is busy");
        return store.fold(names, decide);
      },
    }),
  });
  const now = Date.now();
  await batch(midwatch, now, [beatItem(1, now)]);
  const items = [hungItem(2, now), evidenceItem(3, now)];
  fails = true;
  assert.equal((await batch(midwatch, now, items)).status, 503);
  fails = false;
  assert.deepEqual(await incidents(midwatch), []);
  assert.equal((await batch(midwatch, now, items)).body.upto, 3);
  assert.equal((await incidents(midwatch))[0]?.evidence.length, 1);
});

test("whoever is told that the restart failed reads the evidence in it", async () => {
  await using hook = await startReceiver();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ channels, alertsTo: ["me"] });
  const now = Date.now();
  const recovery = (n: number, phase: RecoveryView["phase"], attempt: number): SpoolItem => {
    const reason = "it hung and was stopped";
    const times = { until: null, started_at: now, restarts: [now], trouble_since: now };
    return {
      n,
      fact: {
        type: "recovery",
        at: now,
        agent: "kept",
        recovery: { phase, attempt, of: 3, run_id: "r1", pid: 12, reason, ...times },
      },
    };
  };
  await batch(midwatch, now, [beatItem(1, now), recovery(2, "healthy", 0), hungItem(3, now), evidenceItem(4, now)]);
  await batch(midwatch, now, [recovery(5, "cooldown", 1)]);
  await hook.arrived(2);
  await midwatch.watch.delivery.idle();
  const told = hook.received.map(({ body }) => JSON.parse(body) as WebhookBody);
  const last = told.at(-1);
  assert.match(last?.text ?? "", /Evidence: spins in think\(\) at agent\.mjs:12\./);
  assert.ok(
    last?.incident && !("evidence" in last.incident),
    "a webhook carries the line, not a list that it cannot have",
  );
});

test("evidence is for keys that may read the agent", async () => {
  await using midwatch = await startTestServer();
  const now = Date.now();
  await batch(midwatch, now, [beatItem(1, now), hungItem(2, now), evidenceItem(3, now)]);
  const path = `/api/v1/evidence/${(await incidents(midwatch))[0]?.evidence[0]?.id}`;
  const { body } = await midwatch.post<{ key: string }>("/api/v1/keys", {
    scope: "read",
    agent: "other-*",
    label: "x",
  });
  assert.equal((await midwatch.call("GET", path, { key: body.key })).status, 403);
  assert.equal((await midwatch.call("GET", path, { key: midwatch.keys.ingest })).status, 403);
  assert.equal((await midwatch.call("GET", path, { key: midwatch.keys.read })).status, 200);
  for (const id of ["0", "-1", "abc", "999", "9".repeat(40)]) {
    const reply = await midwatch.get(`/api/v1/evidence/${id}`);
    assert.deepEqual([reply.status, codeOf(reply)], [404, "unknown_evidence"], id);
  }
});

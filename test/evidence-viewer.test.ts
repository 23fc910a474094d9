import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { BatchRequest, SupervisorFact } from "@midwatch/protocol";
import { findChromium, openPage, skipWithoutChromium } from "./support/chromium.ts";
import { aMachine, artifacts, seriousFaults, signIn } from "./support/dashboard.ts";

const hostile = `<img src=x onerror="document.title='broken'">`;
const agent = "price-monitor";

type Evidence = Extract<SupervisorFact, { type: "evidence" }>;

test("the evidence of a hang is seen on the dashboard, live, collapsed and as text", async (t) => {
  const chromium = findChromium();
  if (chromium === null) return skipWithoutChromium(t);
  const { start } = await aMachine(t);
  const server = await start(0);
  const { page, complaints } = await openPage(t, chromium);
  await signIn(page, server);
  const key = await page.evaluate<string>(`fetch("/api/v1/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ scope: "ingest", label: "a supervisor" }),
  }).then((answer) => answer.json()).then(({ key }) => key)`);
  const report = supervisor(server.url, key);
  const now = Date.now();
  await report([{ n: 1, received_at: now, beat: { agent, tokens_used: 1, run_id: "r1", seq: 1 } }]);
  await report([{ n: 2, fact: { type: "hung", at: now, agent, run_id: "r1", last_beat_at: now - 126_000 } }]);
  await page.evaluate(`location.hash = "#/agents/${agent}"`);
  await page.getByRole("heading", { name: /hung: alive, but silent for/ }).waitFor();
  assert.equal(await page.getByText("Evidence", { exact: false }).count(), 0);

  await report([{ n: 3, fact: evidenceAt(now) }]);
  const viewer = page.locator(".incident details", { hasText: "spins in think() at agent.mjs:12" });
  await viewer.waitFor();
  assert.equal(await viewer.locator("pre").count(), 0, "what nobody asked for is not fetched");
  await viewer.locator("summary").click();
  const output = viewer.getByRole("region", { name: "output" });
  await output.waitFor();
  assert.ok((await output.innerText()).includes(hostile), "what an agent says is text");
  assert.equal(await page.locator("img[src=x]").count(), 0);
  const scrolls = `(() => {
    const box = document.querySelector('.evidence [aria-label="output"]');
    return box.scrollHeight > box.clientHeight && box.clientHeight < 400;
  })()`;
  assert.ok(await page.evaluate<boolean>(scrolls), "it scrolls in its own box");
  assert.deepEqual(await seriousFaults(page), []);
  await page.screenshot({ path: join(artifacts, "dashboard-evidence.png"), fullPage: true });

  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  await viewer.waitFor();
  // The chart takes its new width a frame later; nothing may stay too wide.
  await page.waitForFunction("document.documentElement.scrollWidth <= innerWidth");
  assert.deepEqual(await seriousFaults(page), []);
  await page.screenshot({ path: join(artifacts, "dashboard-evidence-phone.png"), fullPage: true });
  assert.deepEqual(
    complaints.filter((one) => !/status of 401/.test(one)),
    [],
    "the console is quiet: no error, nothing that the content security policy refused",
  );
});

function evidenceAt(at: number): Evidence {
  const frames = Array.from({ length: 30 }, (_, n) => `    at frame${n} (agent.mjs:${n + 12}:5)`);
  return {
    type: "evidence",
    at,
    agent,
    run_id: "r1",
    why: "hung",
    summary: "spins in think() at agent.mjs:12",
    items: [
      { name: "stack", text: ["think (agent.mjs:12:9)", ...frames].join("\n") },
      { name: "process", text: "state R (running), 98 % of one core\nresident 41 MB, 14 threads" },
      { name: "output", text: Array.from({ length: 200 }, (_, n) => `line ${n} ${hostile}`).join("\n") },
    ],
  };
}

/** Delivers what a supervisor would, in order. */
function supervisor(url: string, key: string): (items: BatchRequest["items"]) => Promise<void> {
  const settings: BatchRequest["agents"][number]["settings"] = {
    interval_ms: 60_000,
    missed_limit: 2,
    startup_ms: 120_000,
    liveness: "beats",
    max_restarts: 3,
    cooldown_ms: 300_000,
    tags: [],
  };
  return async (items) => {
    const body: BatchRequest = {
      host: "box-1",
      sent_at: Date.now(),
      spool: "spool",
      agents: [{ name: agent, settings }],
      items,
    };
    const response = await fetch(`${url}/api/v1/supervisors/sup-1/batch`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.clone().text());
  };
}

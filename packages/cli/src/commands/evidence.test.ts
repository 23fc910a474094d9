// The real command against a stand-in for the server: what is under test is what reaches the terminal.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

const line = { id: 7, at: "2026-11-24T03:00:01.000Z", why: "hung", summary: "spins in think()\u001b[2J" };
const incident = {
  id: 3,
  agent: "kept",
  kind: "hung",
  severity: "page",
  state: "open",
  title: "hung",
  evidence: [line],
};
const answers: Readonly<Record<string, object>> = {
  "/api/v1/incidents/3": incident,
  "/api/v1/incidents/4": { ...incident, id: 4, evidence: [] },
  "/api/v1/incidents?&limit=200": { items: [{ ...incident, opened_at: line.at }], next: null },
  "/api/v1/evidence/7": {
    ...line,
    agent: "kept",
    run_id: "r1",
    items: [{ name: "stack", text: "at think (agent.mjs:12)\n\tat \u001b]0;owned\u0007loop\n" }],
  },
};

async function midwatch(...args: readonly string[]): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { error: { code: "unknown", message: `nothing at ${request.url}` } }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const options = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", main, ...args];
    const { stdout } = await run(process.execPath, [
      ...options,
      "--server",
      `http://127.0.0.1:${port}`,
      "--key",
      "mw_x",
    ]);
    return stdout;
  } finally {
    server.close();
  }
}

test("evidence is printed item by item, and nothing in it commands the terminal", async () => {
  const text = await midwatch("evidence", "3");
  assert.equal(
    text,
    [
      "#3 kept: hung",
      "",
      "2026-11-24T03:00:01.000Z  taken because it hung, of run r1",
      "spins in think()",
      "",
      "stack",
      "  at think (agent.mjs:12)",
      "      at loop",
      "",
    ].join("\n"),
  );
});

test("evidence as JSON is what the API has", async () => {
  assert.deepEqual(JSON.parse(await midwatch("evidence", "3", "--json")), [answers["/api/v1/evidence/7"]]);
});

test("an incident without evidence says so", async () => {
  assert.match(await midwatch("evidence", "4"), /No evidence is kept of it/);
});

test("the list of incidents shows the line that tells most, and where the rest is", async () => {
  assert.match(await midwatch("incidents"), /hung: hung\n +spins in think\(\) \(midwatch evidence 3\)/);
});

test("an incident is asked for by its number", async () => {
  for (const command of ["evidence", "ack"]) {
    await assert.rejects(midwatch(command, "abc"), (error: { code?: number; stderr?: string }) => {
      assert.equal(error.code, 2);
      assert.match(error.stderr ?? "", /It must be a whole number/);
      return true;
    });
  }
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { codeOf, replyOf, startTestServer, type Reply } from "../testing/test-server.ts";

test("the dashboard is served with a strict policy, its files for ever, and never in place of an answer", async () => {
  const dashboardDir = await mkdtemp(join(tmpdir(), "midwatch-pages-"));
  await mkdir(join(dashboardDir, "assets"));
  await writeFile(join(dashboardDir, "index.html"), "<!doctype html><title>Midwatch</title>");
  await writeFile(join(dashboardDir, "assets", "app-abc123.js"), "export {};");
  try {
    await using midwatch = await startTestServer({ dashboardDir });
    const open = async (path: string): Promise<Reply<string>> =>
      replyOf(await fetch(`${midwatch.url}${path}`, { headers: { accept: "text/html" }, redirect: "manual" }));
    const page = await open("/");
    assert.equal(page.status, 200);
    assert.match(page.body, /Midwatch/);
    assert.equal(page.headers.get("cache-control"), "no-cache");
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    const script = await open("/assets/app-abc123.js");
    assert.match(script.headers.get("cache-control") ?? "", /immutable/);
    const mistyped = await open("/fleet");
    assert.deepEqual([mistyped.status, mistyped.headers.get("location")], [302, "/"]);
    for (const path of ["/api/v1/nothing", "/assets/gone.js", "/ping/x", "/v1/traces"]) {
      const missing = await open(path);
      assert.deepEqual([missing.status, codeOf(missing)], [404, "not_found"], path);
    }
  } finally {
    await rm(dashboardDir, { recursive: true });
  }
});

test("a server without a built dashboard says so", async () => {
  await using midwatch = await startTestServer();
  const reply = await midwatch.call("GET", "/", { key: null });
  assert.deepEqual([reply.status, codeOf(reply)], [404, "no_dashboard"]);
});

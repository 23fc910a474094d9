import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rawRequest } from "../testing/raw-request.ts";
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
    for (const path of ["/api/v1/nothing", "/assets/gone.js", "/ping/x", "/v1/nothing"]) {
      const missing = await open(path);
      assert.deepEqual([missing.status, codeOf(missing)], [404, "not_found"], path);
    }
  } finally {
    await rm(dashboardDir, { recursive: true });
  }
});

test("a path that leads out of the dashboard's folder is 404, and no fault of the server's", async () => {
  const dashboardDir = await mkdtemp(join(tmpdir(), "midwatch-pages-"));
  await writeFile(join(dashboardDir, "index.html"), "<!doctype html><title>Midwatch</title>");
  try {
    await using midwatch = await startTestServer({ dashboardDir });
    for (const path of ["/../../etc/passwd", "/assets/%2e%2e/%2e%2e/package.json", "/assets/%00", "//etc/passwd"]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
      assert.match(await rawRequest(midwatch.server.port, [request]), /^HTTP\/1\.1 404 [^]*"not_found"/, path);
    }
    assert.deepEqual(midwatch.logged, []);
  } finally {
    await rm(dashboardDir, { recursive: true });
  }
});

test("a server without a built dashboard says so", async () => {
  await using midwatch = await startTestServer();
  const reply = await midwatch.call("GET", "/", { key: null });
  assert.deepEqual([reply.status, codeOf(reply)], [404, "no_dashboard"]);
});

import assert from "node:assert/strict";
import test from "node:test";
import type { ErrorBody } from "@midwatch/protocol";
import { startTestServer } from "../testing/test-server.ts";

test("a body that is too large is told the bound of the route it was sent to", async () => {
  await using midwatch = await startTestServer();
  const bounds = [
    ["/api/v1/keys", 64 * 1024, "64 KiB"],
    ["/api/v1/supervisors/host/batch", 8 * 1024 * 1024, "8 MiB"],
  ] as const;
  for (const [path, bytes, bound] of bounds) {
    const refused = await midwatch.post<ErrorBody>(path, { padding: "x".repeat(bytes) });
    assert.equal(refused.status, 413, path);
    assert.match(refused.body.error.message, new RegExp(`larger than ${bound}`));
  }
});

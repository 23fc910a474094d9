// The server as `midwatch server` runs it, in a process of its own, on a database in a temporary folder.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "@midwatch/core";
import { startServer, systemClock, textLog } from "@midwatch/server";
import { createKey } from "@midwatch/server/keys";
import { openSqliteStore } from "@midwatch/store";
import { answerParent } from "./child.ts";
import { weigh } from "./weigh.ts";

export interface Serving {
  readonly port: number;
  readonly key: string | null;
}

const folder = mkdtempSync(join(tmpdir(), "midwatch-bench-"));
const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
const { key } = await createKey(store, { scope: "ingest", agentGlob: null, label: "bench", at: Date.now() });
const server = await startServer({
  listen: { host: "127.0.0.1", port: 0 },
  store,
  timeZone: "UTC",
  strict: false,
  defaults: defaultSettings,
  channels: {},
  alertsTo: [],
  report: null,
  log: textLog(process.stderr, systemClock),
  version: "bench",
  dashboardDir: null,
});

answerParent(
  async (asked) => (asked === "weigh" ? weigh() : ({ port: server.port, key } satisfies Serving)),
  async () => {
    await server.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  },
);

// A server with the dashboard as its sources are now, and a browser that looks at it.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { defaultSettings } from "@midwatch/core";
import { startServer, systemClock, textLog, type RunningServer } from "@midwatch/server";
import { openSqliteStore } from "@midwatch/store";
import type { Page } from "playwright-core";
import { temporaryFolder } from "./midwatch-command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where pictures of the pages go. */
export const artifacts = join(root, "test/artifacts");
const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** A data folder, the dashboard as its sources are now, and servers on both. */
export async function aMachine(t: TestContext): Promise<{ readonly start: (port: number) => Promise<RunningServer> }> {
  mkdirSync(artifacts, { recursive: true });
  const folder = temporaryFolder(t);
  const dashboardDir = join(folder, "dashboard");
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const dashboard = join(root, "packages/dashboard");
  await promisify(execFile)(process.execPath, [vite, "build", dashboard, "--outDir", dashboardDir, "--emptyOutDir"]);
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  const servers: RunningServer[] = [];
  t.after(async () => {
    for (const server of servers) await server.stop();
    await store.close();
  });
  const start = async (port: number): Promise<RunningServer> => {
    const server = await startServer({
      overloadedAfterMs: null,
      listen: { host: "127.0.0.1", port },
      store,
      timeZone: "UTC",
      strict: false,
      defaults: { ...defaultSettings, startupMs: 60_000 },
      channels: {},
      alertsTo: [],
      report: null,
      log: textLog(new PassThrough().resume(), systemClock),
      version: "0.0.0-test",
      dashboardDir,
    });
    servers.push(server);
    return server;
  };
  return { start };
}

export async function signIn(page: Page, server: RunningServer): Promise<void> {
  await page.goto(await server.signInLink());
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Send the first beat" }).waitFor();
}

/** What axe finds serious or critical, by rule and element. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(`(async () => {
    ${axeSource};
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html));
  })()`);
}

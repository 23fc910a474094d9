import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { defaultSettings } from "@midwatch/core";
import type { IncidentView, MessageAction } from "@midwatch/protocol";
import { startServer, systemClock, textLog } from "@midwatch/server";
import { openSqliteStore } from "@midwatch/store";
import { findChromium, openPage, skipWithoutChromium } from "./support/chromium.ts";
import { artifacts, seriousFaults } from "./support/dashboard.ts";
import { freePort } from "./support/free-port.ts";
import { temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";
import { webhookReceiver } from "./support/webhook-receiver.ts";

const agent = "price-monitor";

const screens = [
  { name: "phone-dark", width: 360, height: 740, colorScheme: "dark" },
  { name: "desk-light", width: 1_000, height: 800, colorScheme: "light" },
] as const;

for (const { name, width, height, colorScheme } of screens) {
  test(`a link from a received message is opened, asks, acts and says what was done (${name})`, async (t) => {
    const chromium = findChromium();
    if (chromium === null) return skipWithoutChromium(t);
    mkdirSync(artifacts, { recursive: true });
    const { linkFor, acknowledged } = await anAlert(t);
    const { page, complaints } = await openPage(t, chromium);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const shoot = (what: string) => page.screenshot({ path: join(artifacts, `act-${what}-${name}.png`) });
    const fits = async (): Promise<void> => {
      assert.equal(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false, "it is too wide");
    };

    await page.goto(linkFor("raise-cap"));
    await page.getByRole("heading", { name: "Raise the cap?" }).waitFor();
    await page.getByText("from 1,000 tokens a day to 1,800 tokens a day").waitFor();
    await fits();

    const link = linkFor("acknowledge");
    await page.goto(link);
    await page.getByRole("heading", { name: "Acknowledge?" }).waitFor();
    await page.getByText(agent, { exact: true }).waitFor();
    await fits();
    await shoot("ask");
    assert.equal(await acknowledged(), null, "it was only opened");

    await page.getByLabel(/Your name/).fill("Ada");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByRole("heading", { name: "Done: Acknowledge" }).waitFor();
    await fits();
    await shoot("done");
    assert.equal(await acknowledged(), "Ada, from a message");

    await page.goto(link);
    await page.getByRole("heading", { name: "Done already" }).waitFor();
    await page.getByText("by Ada, from a message").waitFor();
    await fits();
    await shoot("done-already");
    assert.deepEqual(
      complaints.filter((one) => !/status of 409/.test(one)),
      [],
      "the console is quiet: nothing that the content security policy refused",
    );
  });

  test(`the page behind a link has no serious accessibility fault (${name})`, async (t) => {
    const chromium = findChromium();
    if (chromium === null) return skipWithoutChromium(t);
    const { linkFor } = await anAlert(t);
    const { page } = await openPage(t, chromium);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.goto(linkFor("silence"));
    assert.deepEqual(await seriousFaults(page), []);
  });
}

interface Alert {
  readonly linkFor: (action: MessageAction["action"]) => string;
  /** By whom the incident was acknowledged. */
  readonly acknowledged: () => Promise<string | null>;
}

/** An agent has spent its budget, and somebody's own endpoint was told. */
async function anAlert(t: TestContext): Promise<Alert> {
  const hook = await webhookReceiver(t);
  const store = await openSqliteStore({ file: join(temporaryFolder(t), "midwatch.db") });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    overloadedAfterMs: null,
    listen: { host: "127.0.0.1", port },
    publicUrl: url,
    store,
    timeZone: "UTC",
    strict: false,
    defaults: { ...defaultSettings, budget: { tokens_per_day: 1_000 } },
    channels: { hook: { type: "webhook", url: hook.url, allow_private: true } },
    alertsTo: ["hook"],
    alerts: { gatherMs: 0 },
    report: null,
    log: textLog(new PassThrough().resume(), systemClock),
    version: "0.0.0-test",
    dashboardDir: null,
  });
  t.after(async () => {
    await server.stop();
    await store.close();
  });
  const key = await aKey(url, await server.signInLink());
  const ask = async (path: string, body?: unknown): Promise<Response> =>
    fetch(url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await ask("/api/v1/heartbeat", { agent, tokens_used: 1_200 });
  const message = await until(
    () => hook.of("incident.opened", agent)[0],
    () => "the message",
  );
  return {
    linkFor: (action) => message.actions.find((one) => one.action === action)?.url ?? assert.fail(`no ${action}`),
    acknowledged: async () => {
      const { items } = (await (await ask(`/api/v1/incidents?agent=${agent}`)).json()) as { items: IncidentView[] };
      return items[0]?.acknowledged?.by ?? null;
    },
  };
}

/** As the dashboard makes one, after the link from the terminal. */
async function aKey(url: string, signInLink: string): Promise<string> {
  const token = new URL(signInLink).searchParams.get("token") ?? "";
  const signedIn = await fetch(`${url}/sign-in`, {
    method: "POST",
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const made = await fetch(`${url}/api/v1/keys`, {
    method: "POST",
    headers: { cookie, origin: url, "content-type": "application/json" },
    body: JSON.stringify({ scope: "admin", label: "a test" }),
  });
  return ((await made.json()) as { key: string }).key;
}

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { findChromium, openPage, skipWithoutChromium } from "./support/chromium.ts";
import { aMachine, artifacts, seriousFaults, signIn } from "./support/dashboard.ts";
import { until } from "./support/until.ts";

const agent = "price-monitor";
const hostileMessage = `<img src=x onerror="document.title='broken'">`;

test("a first beat, a silence and a recovery are seen on the dashboard without a reload", async (t) => {
  const chromium = findChromium();
  if (chromium === null) return skipWithoutChromium(t);
  const { start } = await aMachine(t);
  const server = await start(0);
  const { page, complaints } = await openPage(t, chromium);

  await page.goto(server.url);
  await page.getByRole("heading", { name: "Sign in with the link from the terminal" }).waitFor();
  assert.deepEqual(await seriousFaults(page), []);
  await signIn(page, server);

  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByText("It is shown only now").waitFor();
  const key = /mw_[\w-]+/.exec(await page.getByRole("region", { name: "Shell" }).innerText())?.[0] ?? "";
  assert.deepEqual(await seriousFaults(page), []);
  await page.evaluate("window.marker = 'the same page'");

  const beat = beater(server.url, key);
  await beat();
  await page.getByRole("link", { name: agent }).waitFor();
  await page.evaluate(collectStates);
  for (let beats = 0; beats < 3; beats += 1) {
    await sleep(400);
    await beat();
  }
  assert.equal(await stateOf(page), "Up");
  // Nothing is sent from here on, until the page itself has called the agent late, and then down.
  await until(
    async () => (await statesSeen(page)).includes("Late"),
    () => "the agent to be shown as late",
  );
  await until(
    async () => (await statesSeen(page)).includes("Down"),
    () => "the agent to be shown as down",
  );
  assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /1 agent is down/);
  await page.getByText(/silent for \d+/).waitFor();
  await page.screenshot({ path: join(artifacts, "dashboard-down.png") });
  assert.deepEqual(await seriousFaults(page), []);

  await beat();
  await until(
    async () => (await stateOf(page)) === "Up",
    () => "the agent to be shown as up again",
  );
  assert.deepEqual(await statesSeen(page), ["Up", "Late", "Down", "Up"]);
  assert.equal(await page.evaluate("window.marker"), "the same page");

  await page.getByRole("link", { name: agent }).click();
  await page.getByText("Past incidents").waitFor();
  await page.getByText(hostileMessage).waitFor();
  assert.equal(await page.locator("img[src=x]").count(), 0, "what an agent says is text");
  await page.locator(".plot canvas").waitFor();
  await page.screenshot({ path: join(artifacts, "dashboard-agent.png"), fullPage: true });
  assert.deepEqual(await seriousFaults(page), []);

  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  for (const hash of ["#/incidents", "#/", `#/agents/${agent}`]) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(
      await page.evaluate("document.documentElement.scrollWidth > innerWidth"),
      false,
      `${hash} is too wide`,
    );
    assert.deepEqual(await seriousFaults(page), []);
  }
  await page.screenshot({ path: join(artifacts, "dashboard-phone.png"), fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  assert.equal((await beat()).directive, "pause");
  assert.equal(await page.evaluate("window.marker"), "the same page");
  assert.deepEqual(
    complaints.filter((one) => !/status of 401/.test(one)),
    [],
    "the console is quiet: no error, nothing that the content security policy refused",
  );
});

test("the dashboard says when it is cut off, since when, and is live again by itself", async (t) => {
  const chromium = findChromium();
  if (chromium === null) return skipWithoutChromium(t);
  const { start } = await aMachine(t);
  const first = await start(0);
  const { page } = await openPage(t, chromium);
  await signIn(page, first);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate("window.marker = 'the same page'");

  await first.stop();
  await page.getByText(/Not connected since \d\d:\d\d:\d\d/).waitFor();
  await page.getByText("Not live", { exact: true }).waitFor();
  await page.screenshot({ path: join(artifacts, "dashboard-cut-off.png") });

  await start(first.port);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText(/Not connected since/).waitFor({ state: "detached" });
  assert.equal(await page.evaluate("window.marker"), "the same page");
});

/** Sends beats of an agent that promises one every three seconds: late after four, down after seven. */
function beater(url: string, key: string): () => Promise<{ readonly directive: string }> {
  let cycle = 0;
  return async () => {
    cycle += 1;
    const response = await fetch(`${url}/api/v1/heartbeat`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ agent, tokens_used: 1_700 + cycle, cycle, interval_s: 3, message: hostileMessage }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as { directive: string };
  };
}

/** Keeps every state that the row has shown, however short. */
const collectStates = `(() => {
  const seen = (window.statesSeen = []);
  const look = () => {
    const text = document.querySelector(".row .state")?.textContent.trim();
    if (text && text !== seen.at(-1)) seen.push(text);
  };
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
})()`;

function statesSeen(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>("window.statesSeen");
}

async function stateOf(page: Page): Promise<string> {
  return (await page.locator(".row .state").innerText()).trim();
}

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { message, type WebhookBody } from "@midwatch/protocol";
import { createChannel } from "@midwatch/server/channels";
import { certificateFor } from "../packages/server/src/testing/certificate.ts";
import { smtpSettings, startSmtp } from "../packages/server/src/testing/smtp-in-test.ts";
import { findChromium, openPage, skipWithoutChromium } from "./support/chromium.ts";
import { artifacts } from "./support/dashboard.ts";

const page = message({
  type: "incident.opened",
  id: "incident:7:mail",
  thread: "incident:7",
  at: "2026-11-24T03:14:06.000Z",
  agent: "research-bot",
  kind: "silent",
  severity: "page",
  title: "silent since 03:12:00 UTC",
  text: "Two beats missed in a row. It was restarted three times within 20 minutes, and did not come back.\nMidwatch has given up; please look at the process.",
  facts: [
    { label: "last beat", value: "03:11:02 UTC" },
    { label: "restarts", value: "3 of 3" },
    { label: "tokens today", value: "1,204,551" },
    { label: "open for", value: "2 min 6 s" },
  ],
  log: [
    "2026-11-24T03:10:58Z INFO fetching page 3 of 11",
    "2026-11-24T03:11:02Z WARN retrying https://api.example.org/v1/search?q=a-very-long-query-without-any-place-to-break-the-line&page=3",
    "Traceback (most recent call last):",
    '  File "/srv/research/loop.py", line 118, in fetch',
    "ConnectionError: timed out",
  ],
  url: "https://midwatch.example.org/incidents/7",
  actions: [
    { action: "acknowledge", label: "Acknowledge", url: "https://midwatch.example.org/act/a1" },
    { action: "silence", label: "Silence for an hour", url: "https://midwatch.example.org/act/s1" },
    { action: "restart", label: "Restart", url: "https://midwatch.example.org/act/r1" },
  ],
});

const member = (agent: string, host: string) => ({
  ...{ agent, host, kind: "silent", title: "silent since 03:12:00 UTC" },
  ...{ since: "2026-11-24T03:12:00.000Z", resolved_at: null },
});

/** Names that want to be wider than a phone, or to be markup. */
const hostile = message({
  ...page,
  type: "incident.reminder",
  agent: `<b onclick="x">${"research-bot-of-a-team-that-likes-long-names-".repeat(4)}`,
  severity: "warn",
  facts: [{ label: "w".repeat(120), value: "1".repeat(200) }, ...page.facts],
  members: [
    ...Array.from({ length: 60 }, (_, at) => member(`worker-${at}`, "host-a")),
    member("n".repeat(200), "h".repeat(200)),
  ],
  actions: [...page.actions, { ...page.actions[0]!, label: "l".repeat(60) }],
});

const over = message({
  ...page,
  type: "incident.resolved",
  title: "beating again, after 12 min",
  text: "It came back by itself. No cycle was lost.",
  facts: [{ label: "lasted", value: "12 min" }],
  log: [],
  actions: [],
});

test("a mail fits a phone and a desk, light and dark, and loads nothing", async (t) => {
  const chromium = findChromium();
  if (chromium === null) return skipWithoutChromium(t);
  mkdirSync(artifacts, { recursive: true });
  const mails: Readonly<Record<string, WebhookBody>> = { page, hostile, over };
  const { page: tab } = await openPage(t, chromium);
  const asked: string[] = [];
  tab.on("request", (request) => asked.push(request.url()));
  for (const [name, sent] of Object.entries(mails)) {
    await tab.setContent(await received(sent));
    for (const [place, width, colorScheme] of [
      ["phone", 360, "light"],
      ["phone-dark", 360, "dark"],
      ["desk", 1_000, "light"],
    ] as const) {
      await tab.emulateMedia({ colorScheme });
      await tab.setViewportSize({ width, height: 740 });
      const wide = await tab.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(wide <= width, `${name} is ${wide} px wide on ${width}`);
      const widest = await tab.evaluate<number>(
        "Math.max(...[...document.querySelectorAll('td, p, pre, li')].map((one) => one.getBoundingClientRect().right))",
      );
      assert.ok(widest <= width, `something of ${name} reaches ${widest} px on ${width}`);
      await tab.screenshot({ path: join(artifacts, `mail-${name}-${place}.png`), fullPage: true });
    }
    const small = await tab.evaluate<number>(
      "Math.min(...[...document.querySelectorAll('a')].map((one) => one.getBoundingClientRect().height))",
    );
    assert.ok(small >= 42, `a button of ${name} is ${small} px high, too low for a thumb`);
  }
  assert.deepEqual(asked, []);
});

/** What a recipient's program gets to show, after a real way through a real server. */
async function received(sent: WebhookBody): Promise<string> {
  const certificate = await certificateFor("127.0.0.1");
  await using smtp = await startSmtp(certificate);
  const made = createChannel("mail", smtpSettings(smtp.port, certificate.cert), {
    stream: new PassThrough(),
    now: Date.now,
  });
  assert.ok(made.ok, JSON.stringify(made));
  assert.deepEqual(await made.channel.send(sent, AbortSignal.timeout(20_000)), { sent: true });
  const { html } = smtp.received[0]!.parsed;
  assert.ok(typeof html === "string");
  return html;
}

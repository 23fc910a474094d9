// A month is lived through, its report becomes due, and the outbox delivers it to a real mail server; what arrived there is
// looked at as a recipient's program would show it.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { createChannel } from "@midwatch/server/channels";
import { createDelivery } from "../packages/server/src/outbox/delivery.ts";
import { renderMail } from "../packages/server/src/report/report-mail.ts";
import { eventfulMonth } from "../packages/server/src/report/testing/eventful-month.ts";
import { certificateFor } from "../packages/server/src/testing/certificate.ts";
import { smtpSettings, startSmtp } from "../packages/server/src/testing/smtp-in-test.ts";
import { findChromium, openPage, skipWithoutChromium } from "./support/chromium.ts";
import { artifacts } from "./support/dashboard.ts";

test(
  "the report of a month arrives by mail, whole in plain text, and fits a phone and a desk",
  { timeout: 120_000 },
  async (t) => {
    const certificate = await certificateFor("127.0.0.1");
    await using smtp = await startSmtp(certificate);
    await using watch = await eventfulMonth();
    const made = createChannel("mail", smtpSettings(smtp.port, certificate.cert), {
      stream: new PassThrough(),
      now: Date.now,
      renderMail,
    });
    assert.ok(made.ok, JSON.stringify(made));
    await watch.schedule("08:00", ["mail"], { daily: false, monthly: 1 }).look();
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const channels = new Map([["mail", made.channel]]);
    const delivery = createDelivery({ store: watch.store, channels, now: () => watch.now, random: () => 0.5, log });
    delivery.start();
    t.after(() => delivery.stop());
    while (smtp.received.length === 0) await pause(20);

    const { parsed } = smtp.received[0]!;
    assert.match(parsed.subject ?? "", /^Monthly report for October 2026: nobody is needed, 1 of 4 agents down/);
    const view = await watch.view("2026-10", { period: "month" });
    assert.equal(
      (parsed.text ?? "").trimEnd(),
      watch.reporter.text({ ...view, sent: null }),
      "the plain part says all of it",
    );
    const pictures = new Map(parsed.attachments.map((one) => [one.cid, one.content]));
    assert.ok(pictures.size >= 4);
    assert.ok(typeof parsed.html === "string");

    const chromium = findChromium();
    if (chromium === null) return skipWithoutChromium(t);
    mkdirSync(artifacts, { recursive: true });
    const { page } = await openPage(t, chromium);
    // A mail program shows the attachment that the document names; the parser has put them in already.
    const html = parsed.html.replaceAll(/src="cid:([^"]+)"/g, (_, cid: string) => {
      return `src="data:image/png;base64,${pictures.get(cid)?.toString("base64") ?? ""}"`;
    });
    writeFileSync(join(artifacts, "mail-report.html"), html);
    await page.setContent(html);
    for (const [place, width, colorScheme] of [
      ["phone", 360, "light"],
      ["phone-dark", 360, "dark"],
      ["desk", 1_000, "light"],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 740 });
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(wide <= width, `the report is ${wide} px wide on ${width}`);
      const broken = await page.evaluate<number>(
        "[...document.images].filter((one) => one.naturalWidth === 0 || one.alt === '').length",
      );
      assert.equal(broken, 0, "every picture is there, with words beside it");
      await page.screenshot({ path: join(artifacts, `mail-report-${place}.png`), fullPage: true });
    }
  },
);

import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";
import { Temporal } from "temporal-polyfill";
import { ConfigError } from "../errors.ts";
import { reportsDue } from "./schedule.ts";
import { WatchInTest } from "./testing/watch-in-test.ts";

const berlin = "Europe/Berlin";
/** Midnight of 24 November 2026 in Berlin. */
const midnight: Ms = Date.UTC(2026, 10, 23, 23);
const eight = midnight + 8 * HOUR;

async function beatingSince(from: Ms, until: Ms): Promise<WatchInTest> {
  const watch = await WatchInTest.open(berlin, from);
  await watch.beats("alpha", from, until, { tokens_used: 1_500, cost_usd: 0.01 });
  return watch;
}

test("the report of the day before goes to each channel at its time, not a minute earlier, and once", async () => {
  await using watch = await beatingSince(midnight - DAY, eight - MINUTE);
  const schedule = watch.schedule("08:00", ["me", "team"]);
  watch.now = eight - MINUTE;
  await schedule.look();
  // The report due last, that of the day before yesterday, tells of a day on which no agent was known.
  assert.deepEqual(await watch.sent(), []);
  watch.now = eight;
  await schedule.look();
  assert.deepEqual(await watch.sent(), ["report_2026-11-23:me", "report_2026-11-23:team"]);
  watch.now = eight + 10 * HOUR;
  await schedule.look();
  await watch.schedule("08:00", ["me", "team"]).look();
  assert.equal((await watch.sent()).length, 2);
  watch.now = eight + DAY;
  await schedule.look();
  assert.deepEqual((await watch.sent()).slice(2), ["report_2026-11-24:me", "report_2026-11-24:team"]);
});

test("the message carries the text and the data behind it", async () => {
  await using watch = await beatingSince(midnight - DAY, eight);
  watch.now = eight;
  await watch.schedule("08:00", ["me"]).look();
  const { items } = await watch.store.outbox({ limit: 1, cursor: null });
  const body = items[0]?.body as unknown as WebhookBody;
  assert.deepEqual([body.type, body.id, body.agent, body.severity], ["report.daily", "report_2026-11-23", null, null]);
  assert.match(body.title, /^Daily report for 2026-11-23: a quiet day/);
  assert.match(body.text, /a quiet day: 1 agent alive the whole day/);
  assert.deepEqual([body.report?.date, body.report?.fleet.usage.tokens], ["2026-11-23", 288 * 1_500]);
  assert.deepEqual([body.report?.agents.length, body.report?.agents_left_out], [0, 1], "quiet agents stay out");
});

test("the message leads to the page, where the server knows how people reach it", async () => {
  await using watch = await beatingSince(midnight - DAY, eight);
  watch.now = eight;
  await watch.schedule("08:00", ["me"], { publicUrl: "https://watch.example.org" }).look();
  const { items } = await watch.store.outbox({ limit: 1, cursor: null });
  const page = "https://watch.example.org/api/v1/reports/daily?date=2026-11-23&tz=Europe%2FBerlin&format=html";
  assert.equal(items[0]?.body["url"], page);
});

test("a server that was down at the minute sends the report when it is back", async () => {
  await using watch = await beatingSince(midnight - DAY, eight - HOUR);
  watch.now = eight + 5 * HOUR;
  await watch.schedule("08:00", ["me"]).look();
  assert.deepEqual(await watch.sent(), ["report_2026-11-23:me"]);
});

test("after days away only the last due report is sent", async () => {
  await using watch = await beatingSince(midnight - DAY, eight);
  watch.now = eight + 6 * DAY + HOUR;
  await watch.schedule("08:00", ["me"]).look();
  assert.deepEqual(await watch.sent(), ["report_2026-11-29:me"]);
});

test("a server without agents sends no report", async () => {
  await using watch = await WatchInTest.open(berlin, midnight);
  watch.now = eight;
  await watch.schedule("08:00", ["me"]).look();
  assert.deepEqual([await watch.sent(), watch.log], [[], []]);
});

test("a crash after the messages were written and before the report was marked sends nothing twice", async () => {
  await using watch = await beatingSince(midnight - DAY, eight);
  watch.now = eight;
  const dying = { ...watch.store, claimFact: () => Promise.reject(new Error("the process died")) };
  const schedule = watch.schedule("08:00", ["me"], { store: dying });
  await schedule.look();
  await schedule.look();
  assert.equal(watch.log.length, 1, "said once");
  await watch.schedule("08:00", ["me"]).look();
  assert.deepEqual(await watch.sent(), ["report_2026-11-23:me"]);
});

test("a report that was sent is kept, and is marked as revised when more becomes known", async () => {
  await using watch = await beatingSince(midnight - DAY, eight);
  watch.now = eight;
  await watch.schedule("08:00", ["me"]).look();
  const same = await watch.view("2026-11-23");
  assert.deepEqual([same.revised, same.sent?.at], [false, new Date(eight).toISOString()]);
  assert.match(same.sent?.text ?? "", /a quiet day/);

  watch.now = eight + 3 * HOUR;
  await watch.beats("late-bot", midnight - 3 * HOUR, midnight - 2 * HOUR, { tokens_used: 700 });
  const made = await watch.view("2026-11-23");
  assert.equal(made.revised, true);
  assert.match(watch.reporter.text(made), /^Revised: .*\(24 Nov 2026, 08:00\)\.$/m);
  assert.match(made.sent?.text ?? "", /432,000 tokens/, "what was sent stays as it was");

  const elsewhere = await watch.made("2026-11-23", { timeZone: "UTC" });
  assert.equal(elsewhere.sent, null, "that day of another zone is another day");
});

test("what is open or ends after the day revises nothing", async () => {
  await using watch = await beatingSince(midnight - DAY, midnight - 2 * HOUR);
  await watch.silence("alpha", eight);
  await watch.schedule("08:00", ["me"]).look();
  await watch.beats("alpha", eight + HOUR, eight + 2 * HOUR);
  const made = await watch.made("2026-11-23");
  assert.notEqual(made.sent, null);
  assert.equal(made.revised, false);
});

for (const { now, at, due, why } of [
  {
    now: "2026-03-29T03:29:00+02:00",
    at: "02:30",
    due: "2026-03-27",
    why: "clocks went forward over it, so it comes at 03:30",
  },
  {
    now: "2026-03-29T03:30:00+02:00",
    at: "02:30",
    due: "2026-03-28",
    why: "clocks went forward over it, and 03:30 has come",
  },
  { now: "2026-10-25T02:30:00+02:00", at: "02:30", due: "2026-10-24", why: "it comes twice, and the first counts" },
  { now: "2026-10-25T02:30:00+01:00", at: "02:30", due: "2026-10-24", why: "the second is no other day" },
  { now: "2026-10-25T07:59:00+01:00", at: "08:00", due: "2026-10-23", why: "a day of 25 hours has one eight o'clock" },
]) {
  test(`at ${now} the report due last, at ${at}, is of ${due}: ${why}`, () => {
    assert.deepEqual(reportsDue(Date.parse(now), { at: Temporal.PlainTime.from(at) }, berlin), [
      { period: "day", date: due },
    ]);
  });
}

test("a time of day that is none is refused at the start", async () => {
  await using watch = await WatchInTest.open(berlin, midnight);
  for (const at of ["8:00", "24:00", "08:60", "noon"]) assert.throws(() => watch.schedule(at, ["me"]), ConfigError);
});

import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import { ApiError } from "../errors.ts";
import { interval, WatchInTest } from "./testing/watch-in-test.ts";

const berlin = "Europe/Berlin";
/** Midnight of 24 November 2026 in Berlin. */
const midnight: Ms = Date.UTC(2026, 10, 23, 23);
const nextMorning = midnight + DAY + 8 * HOUR;

/** Alpha has an ordinary day. Bot is silent from 3 to 4 and comes back as a new run; nobody watches from 20 to 22. */
async function eventfulDay(): Promise<WatchInTest> {
  const watch = await WatchInTest.open(berlin, midnight - DAY);
  const [three, four] = [midnight + 3 * HOUR, midnight + 4 * HOUR];
  const [eight, ten] = [midnight + 20 * HOUR, midnight + 22 * HOUR];
  await watch.beats("bot", midnight - DAY, three, { tokens_used: 2_000, cost_usd: 0.01 });
  await watch.silence("bot", four);
  await watch.beats("bot", four, eight, { tokens_used: 2_000, cost_usd: 0.01, run_id: "run-2" });
  await watch.beats("alpha", midnight - DAY, eight, { tokens_used: 1_500, cost_usd: 0.01 });
  await watch.blind(eight, ten, "bot", "alpha");
  await watch.beats("bot", ten, nextMorning, { tokens_used: 2_000, cost_usd: 0.01, run_id: "run-2" });
  await watch.beats("alpha", ten, nextMorning, { tokens_used: 1_500, cost_usd: 0.01 });
  watch.now = nextMorning;
  return watch;
}

test("a quiet day is one line", async () => {
  await using watch = await WatchInTest.open(berlin, midnight - DAY);
  await watch.beats("alpha", midnight - DAY, nextMorning, { tokens_used: 1_500, cost_usd: 0.01 });
  const text = await watch.text("2026-11-24");
  assert.equal(
    text,
    "Daily report for Tuesday, 24 November 2026 (Europe/Berlin): a quiet day: 1 agent alive the whole day, " +
      "no restarts, nothing open; 432,000 tokens in 288 cycles, $2.88.",
  );
});

test("the five questions are answered in one order, for all agents and for each", async () => {
  await using watch = await eventfulDay();
  const text = await watch.text("2026-11-24");
  const asked = [...text.matchAll(/^[! ] (\d)\. ([^ ]+)/gm)].map(([, number]) => number);
  assert.equal(asked.join(""), "12345".repeat(3));
  assert.deepEqual(
    ["All agents", "bot", "alpha"].map((title) => text.split("\n").includes(title)),
    [true, true, true],
  );
});

test("an outage, the restart after it and the time nobody watched are told apart", async () => {
  await using watch = await eventfulDay();
  const view = await watch.view("2026-11-24");
  const { agents, fleet } = view;
  const bot = agents.find(({ name }) => name === "bot")!;
  assert.equal(bot.alive.verdict, "no");
  // From the last beat at 02:55 to the next at 04:00; the two hours nobody watched are in neither sum.
  assert.equal(bot.alive.time_s["down"], 65 * 60);
  assert.equal(bot.alive.time_s["unknown"], 2 * 3_600);
  assert.deepEqual(
    bot.alive.outages.map(({ from, to, kinds }) => [from, to, kinds]),
    [["2026-11-24T01:55:00.000Z", "2026-11-24T03:00:00.000Z", ["silent"]]],
  );
  assert.deepEqual(
    bot.restarts.map(({ at, by }) => [at, by]),
    [["2026-11-24T03:00:00.000Z", "unknown"]],
  );
  assert.deepEqual(
    bot.recovered.map(({ kind, by }) => [kind, by]),
    [["silent", "itself"]],
  );
  assert.equal(agents.find(({ name }) => name === "alpha")?.alive.verdict, "while-observed");
  assert.deepEqual([fleet.agents, fleet.restarts, fleet.needs_human.length], [2, 1, 0]);
  const text = watch.reporter.text(view);
  assert.match(text, /02:55–04:00 {2}1 h 5 min {2}sent no beats/);
  assert.match(text, /yes, while observed \(22 h of 24 h\)/);
});

test("what a supervisor's spool delivers afterwards fills the time nobody watched", async () => {
  await using watch = await eventfulDay();
  const [eight, ten] = [midnight + 20 * HOUR, midnight + 22 * HOUR];
  await watch.beats("alpha", eight, ten, { tokens_used: 1_500, run_id: "run-1" });
  const { report } = await watch.made("2026-11-24");
  const alpha = report.agents.find(({ name }) => name === "alpha")!;
  assert.equal(alpha.alive.time.unknown, 0);
});

test("cost is compared with the baseline of the days before, whatever the day itself did to it", async () => {
  await using watch = await WatchInTest.open(berlin, midnight - 3 * DAY);
  await watch.beats("bot", midnight - 3 * DAY, midnight, { tokens_used: 2_000 });
  await watch.beats("bot", midnight, midnight + DAY, { tokens_used: 5_000 });
  watch.now = nextMorning;
  const { report } = await watch.made("2026-11-24");
  const { cost } = report.agents[0]!;
  assert.deepEqual([cost.baseline, cost.timesBaseline, cost.before?.days, cost.left], [2_000, 2.5, 3, "above"]);
  assert.equal(cost.costUsdMicros, null, "unpriced is not free");
  assert.match(await watch.text("2026-11-24"), /no, above it: 5,000 tokens a cycle \(2\.5 × its baseline/);
});

test("what needs a human is named first, with what to do", async () => {
  await using watch = await WatchInTest.open(berlin, midnight);
  await watch.beats("zeta", midnight, midnight + 2 * HOUR);
  await watch.silence("zeta", midnight + 4 * HOUR);
  await watch.beats("alpha", midnight, midnight + 3 * HOUR);
  await watch.silence("alpha", midnight + 5 * HOUR);
  await watch.beats("alpha", midnight + 5 * HOUR, nextMorning);
  const text = await watch.text("2026-11-24");
  assert.match(text, /^Daily report for .*: 1 open for a human, 2 of 2 agents down for a while\.\n/);
  assert.match(
    text,
    /^! 5\. Needs a human\? +yes: 1 open; 1 recovered by itself\n +zeta {2}silent \(page\) since 01:55$/m,
  );
  assert.match(text, /^ +since 01:55 {2}silent \(page\): .*Check its process/m);
  assert.ok(text.indexOf("\n\nzeta\n") < text.indexOf("\n\nalpha\n"));
});

for (const { name, date, hours, utcMidnight } of [
  {
    name: "the day on which clocks go forward has 23 hours",
    date: "2026-03-29",
    hours: 23,
    utcMidnight: Date.UTC(2026, 2, 28, 23),
  },
  {
    name: "the day on which clocks go back has 25 hours",
    date: "2026-10-25",
    hours: 25,
    utcMidnight: Date.UTC(2026, 9, 24, 22),
  },
]) {
  test(name, async () => {
    await using watch = await WatchInTest.open(berlin, utcMidnight - DAY);
    await watch.beats("bot", utcMidnight - DAY, utcMidnight + 30 * HOUR, { tokens_used: 2_000 });
    const { report } = await watch.made(date);
    assert.deepEqual([report.from, report.to], [utcMidnight, utcMidnight + hours * HOUR]);
    const { alive, cost } = report.agents[0]!;
    assert.deepEqual([alive.verdict, alive.time.up], ["yes", hours * HOUR]);
    assert.equal(cost.cycles, (hours * HOUR) / interval);
  });
}

test("a time that comes twice is told with its offset", async () => {
  const start = Date.UTC(2026, 9, 24, 22);
  await using watch = await WatchInTest.open(berlin, start);
  await watch.beats("bot", start, start + 2 * HOUR + 30 * MINUTE);
  await watch.silence("bot", start + 3 * HOUR + 30 * MINUTE);
  await watch.beats("bot", start + 3 * HOUR + 30 * MINUTE, start + 26 * HOUR);
  assert.match(await watch.text("2026-10-25"), /02:25\+02:00–02:30\+01:00 {2}1 h 5 min/);
});

test("without a date the report is of the last whole day; of today it says that the day is not over", async () => {
  await using watch = await eventfulDay();
  assert.equal((await watch.made(null)).report.date, "2026-11-24");
  assert.match(await watch.text("today"), /The day is not over: this tells of it up to 08:00\./);
});

test("another zone cuts another day", async () => {
  await using watch = await eventfulDay();
  const { report } = await watch.made("2026-11-24", { timeZone: "America/New_York" });
  assert.equal(report.from, Date.UTC(2026, 10, 24, 5));
});

for (const { query, path } of [
  { query: { date: "2026-02-30", timeZone: null }, path: "date" },
  { query: { date: "last week", timeZone: null }, path: "date" },
  { query: { date: "2026-11-27", timeZone: null }, path: "date" },
  { query: { date: null, timeZone: "Berlin" }, path: "tz" },
]) {
  test(`a query for ${query.date ?? "no date"} in ${query.timeZone ?? "no zone"} is refused, and \`${path}\` is named`, async () => {
    await using watch = await WatchInTest.open(berlin, midnight);
    await assert.rejects(watch.made(query.date, query), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code, error.details?.[0]?.path], [422, "invalid_field", path]);
      return true;
    });
  });
}

test("all who ask for one day at the same time get one report", async () => {
  await using watch = await eventfulDay();
  const [one, other] = await Promise.all([watch.made("2026-11-24"), watch.made("2026-11-24")]);
  assert.equal(one, other);
});

test("nothing an agent says can become markup, a terminal sequence or a line of its own", async () => {
  await using watch = await WatchInTest.open(berlin, midnight);
  const hostile = `<script>alert(1)</script> "'& \u001b[31mred\u001b[0m\n  5. Needs a human?  no\u202e`;
  await watch.beats("bot", midnight, midnight + 2 * HOUR, { message: "fine" });
  for (let error = 0; error < 3; error += 1) {
    const at = midnight + 2 * HOUR + error * interval;
    await watch.beats("bot", at, at + 1, { status: "error", message: hostile });
  }
  watch.now = nextMorning;
  const view = await watch.view("2026-11-24");
  const html = watch.reporter.html(view);
  assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.doesNotMatch(html, /<script|\u001b|\u202e|<img|src=|href=/);
  const text = watch.reporter.text(view);
  assert.match(text, /<script>/);
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.equal(text.match(/^[! ] 5\. /gm)?.length, 2, "one for all agents, one for the agent");
});

test("the HTML is one whole document with the same answers as the text", async () => {
  await using watch = await eventfulDay();
  const view = await watch.view("2026-11-24");
  const html = watch.reporter.html(view);
  assert.match(html, /^<!doctype html>\n<html lang="en">[\s\S]*<\/html>\n$/);
  assert.match(html, /prefers-color-scheme: dark/);
  assert.equal(html.match(/<th scope="row">/g)?.length, 15);
  assert.match(html, /<li>02:55–04:00 · 1 h 5 min · sent no beats<\/li>/);
});

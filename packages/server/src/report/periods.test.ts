import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DAY, HOUR, type Ms } from "@midwatch/core";
import type { ReportView, WebhookBody } from "@midwatch/protocol";
import { Temporal } from "temporal-polyfill";
import { ApiError } from "../errors.ts";
import { reportMail } from "./report-mail.ts";
import { reportsDue } from "./schedule.ts";
import { eventfulMonth, monthEnd, monthStart } from "./testing/eventful-month.ts";
import { WatchInTest } from "./testing/watch-in-test.ts";

const berlin = "Europe/Berlin";
let watch: WatchInTest;
let month: ReportView;

before(async () => {
  watch = await eventfulMonth();
  month = await watch.view("2026-10", { period: "month" });
});
after(() => watch[Symbol.asyncDispose]());

test("a month is its local days, the one of 25 hours among them", () => {
  assert.deepEqual(
    [month.date, month.last_date, month.from, month.to],
    ["2026-10-01", "2026-10-31", new Date(monthStart).toISOString(), new Date(monthEnd).toISOString()],
  );
  assert.equal(month.fleet.days.length, 31);
  const steady = month.agents.find(({ name }) => name === "steady")!;
  assert.equal(steady.alive.verdict, "yes");
  assert.deepEqual([steady.days[23]?.up_s, steady.days[24]?.up_s], [24 * 3_600, 25 * 3_600]);
});

test("a week is Monday to Sunday, asked for by any of its days", async () => {
  for (const date of ["2026-10-12", "2026-10-18"]) {
    const week = await watch.view(date, { period: "week" });
    assert.deepEqual([week.date, week.last_date, week.fleet.days.length], ["2026-10-12", "2026-10-18", 7]);
  }
  assert.equal((await watch.view(null, { period: "week" })).date, "2026-10-19", "the last that is over");
  assert.match(await watch.text("2026-10-12", { period: "week" }), /^Weekly report for 12–18 October 2026 \(Europe/);
  assert.match(await watch.text("2026-09-30", { period: "week" }), /^Weekly report for 28 September – 4 October 2026/);
});

test("days add up to the month, for each agent and for all", () => {
  for (const { days, cost } of [...month.agents, { days: month.fleet.days, cost: month.fleet.usage }]) {
    assert.equal(
      days.reduce((sum, { usage }) => sum + usage.tokens, 0),
      cost.tokens,
    );
  }
  const [model] = month.fleet.models;
  assert.deepEqual([model?.model, month.fleet.models.length], ["claude-sonnet-5", 1]);
  assert.equal(month.fleet.models[0]?.tokens, month.fleet.usage.tokens);
});

test("the slow patterns of the month are found, each with the agent that has it, and none for the one that is well", () => {
  const found = month.fleet.patterns.map(({ agent, kind }) => `${agent}: ${kind}`).toSorted();
  assert.deepEqual(found, [
    "creeping: creep",
    "creeping: slower-cycles",
    "leaking: memory-until-death",
    "nightly: same-time-restarts",
  ]);
});

// On the day on which clocks changed it was counted an hour off; the other 29 decide.
test("a pattern is told with what it was seen in and what to do, in every form", () => {
  for (const told of [watch.reporter.text(month), watch.reporter.markdown(month), watch.reporter.html(month)]) {
    const plain = told.replaceAll("\\", "");
    assert.match(plain, /restarts at about 03:10 on 29 days/i);
    assert.match(plain, /Check for a cron conflict at 03:10/);
    assert.match(plain, /tokens per cycle creep up, 30 % a week/i);
    assert.match(plain, /MB → .* GB in 10 d/);
  }
});

test("a day shows the patterns of the thirty days up to it", async () => {
  const day = await watch.view("2026-10-31");
  assert.deepEqual(day.fleet.patterns.map(({ agent }) => agent).toSorted(), [
    "creeping",
    "creeping",
    "leaking",
    "nightly",
  ]);
  assert.equal((await watch.view("2026-10-03")).fleet.patterns.length, 0, "three days are too few for any");
});

test("the same month asked for again gives the same answer", async () => {
  watch.now += 3 * DAY;
  const again = await watch.view("2026-10", { period: "month" });
  assert.deepEqual({ ...again, made_at: month.made_at }, month);
  watch.now -= 3 * DAY;
});

test("a report about one agent has that agent's models and days, and says whose it is", async () => {
  const made = await watch.view("2026-10", { period: "month", agent: "creeping" });
  assert.deepEqual(
    made.agents.map(({ name }) => name),
    ["creeping"],
  );
  const text = watch.reporter.text(made);
  assert.match(text, /^creeping: Monthly report for October 2026/);
  assert.match(text, /^Cost by model\n {2}model +calls +tokens +cost\n {2}anthropic \/ claude-sonnet-5/m);
  assert.match(text, /^ {2}31 Oct +100 % +– +– /m);
  await assert.rejects(watch.made("2026-10", { period: "month", agent: "nobody" }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code], [404, "unknown_agent"]);
    return true;
  });
});

test("a quiet week is told as one, with what it cost", async () => {
  await using quiet = await WatchInTest.open(berlin, monthStart);
  await quiet.beats("alpha", monthStart, monthStart + 20 * DAY, { tokens_used: 1_000, cost_usd: 0.01 });
  const text = await quiet.text("2026-10-05", { period: "week" });
  assert.match(text, /: a quiet week: 1 agent alive the whole week, no restarts, nothing open; /);
  assert.match(text, /^Day by day$/m);
});

for (const [query, said] of [
  [{ period: "month", date: "2026-13" }, /"2026-13" is no date; use YYYY-MM, YYYY-MM-DD, today or yesterday/],
  [{ period: "week", date: "2026-W41" }, /"2026-W41" is no date; use YYYY-MM-DD, today or yesterday/],
  [{ period: "month", date: "2027-01" }, /2027-01-01 has not begun in Europe\/Berlin/],
] as const) {
  test(`a ${query.period} of ${query.date} is refused with words that help`, async () => {
    await assert.rejects(
      watch.made(query.date, query),
      (error) => error instanceof ApiError && said.test(error.message),
    );
  });
}

test("weeks and months go out on their days, once, under keys of their own, and days need not", async () => {
  await using fresh = await WatchInTest.open(berlin, monthStart);
  await fresh.beats("alpha", monthStart, monthEnd, { tokens_used: 1_000 });
  // Sunday, 1 November 2026, eight in the morning.
  fresh.now = monthEnd + 8 * HOUR;
  const schedule = fresh.schedule("08:00", ["me"], { daily: false, weekly: 1, monthly: 1 });
  await schedule.look();
  await schedule.look();
  assert.deepEqual(await fresh.sent(), ["report_week_2026-10-19:me", "report_month_2026-10:me"]);
  fresh.now += DAY;
  await schedule.look();
  assert.deepEqual((await fresh.sent()).slice(2), ["report_week_2026-10-26:me"]);
  const { items } = await fresh.store.outbox({ limit: 10, cursor: null });
  const bodies = items.map(({ body }) => body as unknown as WebhookBody);
  assert.deepEqual(bodies.map(({ type }) => type).toSorted(), ["report.monthly", "report.weekly", "report.weekly"]);
  assert.match(
    bodies.find(({ type }) => type === "report.monthly")?.title ?? "",
    /^Monthly report for October 2026: a quiet month/,
  );
  assert.equal(
    (await fresh.view("2026-10", { period: "month" })).sent?.at,
    new Date(monthEnd + 8 * HOUR).toISOString(),
  );
});

for (const { now, plan, due } of [
  { now: "2026-11-02T07:59:00+01:00", plan: { weekly: 1 }, due: "2026-10-19" },
  { now: "2026-11-02T08:00:00+01:00", plan: { weekly: 1 }, due: "2026-10-26" },
  { now: "2026-11-01T08:00:00+01:00", plan: { weekly: 7 }, due: "2026-10-19" },
  { now: "2026-03-01T07:59:00+01:00", plan: { monthly: 1 }, due: "2026-01-01" },
  { now: "2026-03-01T08:00:00+01:00", plan: { monthly: 1 }, due: "2026-02-01" },
  { now: "2026-03-31T08:00:00+02:00", plan: { monthly: 28 }, due: "2026-02-01" },
] as const) {
  test(`at ${now} the report due last of ${JSON.stringify(plan)} begins on ${due}`, () => {
    const at = Temporal.PlainTime.from("08:00");
    const dates = reportsDue(Date.parse(now), { at, daily: false, ...plan }, berlin).map(({ date }) => date);
    assert.deepEqual(dates, [due]);
  });
}

test("as a mail it has a picture with words for each chart, and a plain part with everything", () => {
  const mail = reportMail({ report: month, url: null })!;
  assert.equal(mail.text, `${watch.reporter.text(month)}\n`);
  assert.ok(mail.pictures.length >= 4, `${mail.pictures.length} pictures`);
  for (const { cid, png, alt } of mail.pictures) {
    assert.ok(mail.html.includes(`src="cid:${cid}"`), cid);
    assert.deepEqual([...png.subarray(1, 4)].map((code) => String.fromCharCode(code)).join(""), "PNG");
    assert.match(alt, /\d/);
  }
  assert.doesNotMatch(mail.html, /<script|<svg|src="http/);
});

test("names that are markup or Markdown stay names", async () => {
  const at: Ms = monthStart;
  await using hostile = await WatchInTest.open(berlin, at);
  const name = "a/_b_@x";
  await hostile.beats(name, at, at + 2 * HOUR, { message: "=cmd|' /C calc'!A0" });
  for (let error = 0; error < 3; error += 1) {
    const when = at + (2 + error / 4) * HOUR;
    await hostile.beats(name, when, when + 1, {
      status: "error",
      message: "# [x](javascript:1) <img src=x> *b* `c` |d|",
    });
  }
  hostile.now = at + 30 * HOUR;
  const markdown = hostile.reporter.markdown(await hostile.view("2026-10-01"));
  assert.match(markdown, /\\# \\\[x\\\]\(javascript:1\) \\<img src=x\\> \\\*b\\\* \\`c\\` \\\|d\\\|/);
  assert.match(markdown, /^## a\/\\_b\\_@x$/m);
});

test("a report stays the same when the beats it was made of are no longer kept", async () => {
  const day = await watch.view("2026-10-20");
  while (await watch.store.prune({ beats: monthEnd, history: 0, incidents: 0, outbox: 0 }, 10_000)) continue;
  assert.deepEqual((await watch.store.beats("steady", { to: monthEnd, limit: 10, cursor: null })).items, []);
  assert.deepEqual(await watch.view("2026-10-20"), day);
  assert.deepEqual(await watch.view("2026-10", { period: "month" }), month);
  assert.equal(day.agents.find(({ name }) => name === "steady")?.cost.baseline_tokens, 1_500);
});

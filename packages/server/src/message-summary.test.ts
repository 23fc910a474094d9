import assert from "node:assert/strict";
import test from "node:test";
import { endless, grouped, silent } from "./testing/channel-examples.ts";
import { firstThatFits, plainSummary, summarize, summaryLines } from "./message-summary.ts";
import { wakesSomeone } from "./message-text.ts";

test("a person reads the words first, then the numbers, the log, who else, and where to go on", () => {
  assert.equal(summarize(grouped).headline, "3 agents silent since 03:12:00 UTC");
  assert.equal(
    plainSummary(summarize(grouped)),
    `At least half of the agents fell silent together.

agents up: 2 of 5
tokens today: 1,204,551

Last lines of the log:
  fetching page 3
  ConnectionError: timed out

host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)

Acknowledge: https://midwatch.example.org/act/a1
Silence for an hour: https://midwatch.example.org/act/s1
Open in Midwatch: https://midwatch.example.org/incidents/7`,
  );
});

test("a message with only a text is only its text", () => {
  assert.equal(plainSummary(summarize(silent)), silent.text);
  assert.equal(plainSummary(summarize({ ...silent, text: " \n" })), "");
});

test("a host with hundreds does not hide that another host is silent too", () => {
  const one = grouped.members[0]!;
  const many = [
    ...Array.from({ length: 300 }, (_, at) => ({ ...one, agent: `bot-${at}` })),
    { ...one, agent: "lonely", host: "host-z" },
  ];
  const size = { lineBytes: 100, textBytes: 100, facts: 0, logLines: 0, members: 3 };
  assert.deepEqual(summaryLines(summarize({ ...grouped, members: many }, size)).members, [
    "host-a (300):",
    "  bot-0: silent since 03:12:00 UTC",
    "  bot-1: silent since 03:12:00 UTC",
    "host-z (1):",
    "  lonely: silent since 03:12:00 UTC",
    "and 298 more",
  ]);
});

test("members whose host nobody knows are listed without one", () => {
  const members = grouped.members.map((one) => ({ ...one, host: null }));
  assert.equal(summaryLines(summarize({ ...grouped, members })).members[0], "research-bot: silent since 03:12:00 UTC");
});

test("what an agent wrote cannot recolour, turn or break a line", () => {
  const summary = summarize({
    ...grouped,
    title: "all\nfine\u202E",
    facts: [
      { label: "last\nbeat", value: "\u001b[31mred" },
      { label: "nothing", value: " " },
    ],
    log: ["  indented\u001b[2J\rstays", "a\nb"],
  });
  assert.equal(summary.headline, "all fine");
  assert.deepEqual(summary.facts, [{ label: "last beat", value: "red" }]);
  assert.deepEqual(summary.log, ["  indentedstays", "a b"]);
});

test("a message is told in ever fewer words until it fits, and keeps its links to the last", () => {
  for (const limit of [40_000, 10_000, 4_000, 1_500, 700]) {
    const told = firstThatFits(
      endless,
      (summary) => `${summary.headline}\n${plainSummary(summary)}`,
      (text) => Buffer.byteLength(text) <= limit,
    );
    assert.ok(Buffer.byteLength(told) <= limit, `${Buffer.byteLength(told)} bytes for ${limit}`);
    assert.match(told, /Acknowledge: https:\/\/midwatch\.example\.org\/act\/a1/);
    assert.match(told, /and \d+ more/);
  }
});

test("a link too long for any button is left out instead of costing the message", () => {
  const action = grouped.actions[0]!;
  const long = { ...action, url: `https://midwatch.example.org/${"a".repeat(480)}` };
  const endlessUrl = { ...action, url: `https://midwatch.example.org/${"a".repeat(600)}` };
  const { links } = summarize({ ...grouped, actions: [endlessUrl, long, long, long, long, long, long] });
  assert.equal(links.length, 5);
  assert.ok(links.every(({ url }) => url === long.url));
});

test("a short message is not shortened", () => {
  const told = firstThatFits(grouped, plainSummary, (text) => text.length <= 4_000);
  assert.equal(told, plainSummary(summarize(grouped)));
});

test("only a page that begins, rises or is repeated calls a person by name", () => {
  const types = ["incident.opened", "incident.raised", "incident.reminder"] as const;
  const quiet = [
    "incident.updated",
    "incident.acknowledged",
    "incident.resolved",
    "digest",
    "report.daily",
    "test",
  ] as const;
  assert.deepEqual(
    types.map((type) => wakesSomeone({ ...silent, type })),
    [true, true, true],
  );
  assert.deepEqual(
    quiet.map((type) => wakesSomeone({ ...silent, type })),
    quiet.map(() => false),
  );
  assert.equal(wakesSomeone({ ...silent, severity: "warn" }), false);
});

import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startTeams, workflowError, type Card, type Element } from "../../testing/channels/teams-in-test.ts";

async function posted(message: WebhookBody): Promise<Card> {
  await using teams = await startTeams();
  const outcome = await openChannel({ type: "teams", url: teams.url, allow_private: true }).send(message, never);
  assert.deepEqual(outcome, { sent: true });
  return teams.cards[0]!;
}

/** What a person reads on the card, line by line; buttons as "[label]". */
function read(elements: readonly Element[]): readonly string[] {
  return elements.flatMap(({ items, inlines, actions }) => [
    ...read(items ?? []),
    ...(inlines === undefined ? [] : [inlines.map(({ text }) => text).join("")]),
    ...(actions ?? []).map(({ title, url }) => `[${title}] ${url}`),
  ]);
}

test("a page is a card: what, the words, the numbers, the log, who, and buttons to press", async () => {
  const card = await posted(grouped);
  assert.equal(card.body[0]!.style, "attention");
  assert.equal(card.fallbackText, "🚨 3 agents silent since 03:12:00 UTC");
  assert.deepEqual(read(card.body), [
    "🚨 3 agents silent since 03:12:00 UTC",
    "At least half of the agents fell silent together.",
    "agents up: 2 of 5",
    "tokens today: 1,204,551",
    "fetching page 3",
    "ConnectionError: timed out",
    "host-a (2):",
    "\u00A0 research-bot: silent since 03:12:00 UTC",
    "\u00A0 mail-bot: silent since 03:12:00 UTC",
    "host-b (1):",
    "\u00A0 price-bot: silent since 03:12:00 UTC (recovered)",
    "[Acknowledge] https://midwatch.example.org/act/a1",
    "[Silence for an hour] https://midwatch.example.org/act/s1",
    "[Open in Midwatch] https://midwatch.example.org/incidents/7",
  ]);
});

test("a recovery, a warning and a report have frames of their own", async () => {
  const styles = [
    { ...silent, type: "incident.resolved" as const },
    { ...silent, severity: "warn" as const },
    { ...silent, type: "report.daily" as const, severity: null },
  ].map(async (message) => (await posted(message)).body[0]!.style);
  assert.deepEqual(await Promise.all(styles), ["good", "warning", "emphasis"]);
});

test("what an agent wrote is shown letter by letter, in blocks that know no Markdown", async () => {
  const text = "**x** [bank](https://evil.example) <at>all</at>";
  assert.deepEqual(read((await posted({ ...silent, text })).body).slice(1), [text]);
});

test("a report keeps its columns", async () => {
  const { body } = await posted({ ...silent, type: "report.monthly", text: "a    b\n\nc    d" });
  assert.deepEqual(read(body).slice(1), ["a\u00A0\u00A0\u00A0 b", "c\u00A0\u00A0\u00A0 d"]);
  assert.equal(body[1]!.inlines![0]!.fontType, "Monospace");
});

test("a message without an end is shortened to what Teams takes, buttons kept", async () => {
  assert.equal(read((await posted(endless)).body).filter((line) => line.startsWith("[")).length, 3);
});

test("more buttons than Teams shows in a row go into a second row", async () => {
  const actions = Array.from({ length: 7 }, () => grouped.actions[0]!);
  const { body } = await posted({ ...grouped, actions, url: null });
  assert.deepEqual(
    body.flatMap((one) => (one.actions === undefined ? [] : [one.actions.length])),
    [6, 1],
  );
});

test("a connector of old that answers 200 with an error is no receipt; its “1” is one", async () => {
  await using teams = await startTeams();
  const channel = openChannel({ type: "teams", url: teams.url, allow_private: true });
  const words = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 400";
  teams.answerNext({ status: 200, body: words });
  assert.deepEqual(await channel.send(silent, never), {
    sent: false,
    retry: true,
    error: `${teams.host} answered 200, but not with a receipt: ${words}`,
  });
  teams.answerNext({ status: 200, body: "1" });
  assert.deepEqual(await channel.send(silent, never), { sent: true });
});

test("a workflow that is gone, a wrong signature and a workflow that is off are final, and say what to do", async () => {
  await using teams = await startTeams();
  const urls = [
    [teams.url.replace("0011223344556677", "7766554433221100"), /404: the workflow was deleted/],
    [teams.url.replace(/sig=.*/, "sig=of-yesterday-and-older"), /403: the signature at the end of `url` is wrong/],
    [teams.url.replace(/&sig=.*/, ""), /401: the address lacks its signature/],
  ] as const;
  for (const [url, words] of urls) {
    const outcome = await openChannel({ type: "teams", url, allow_private: true }).send(silent, never);
    assert.ok(!outcome.sent && !outcome.retry);
    assert.match(outcome.error, words);
  }
  teams.answerNext(workflowError(400, "WorkflowTriggerIsNotEnabled", "The workflow trigger is not enabled."));
  const off = await openChannel({ type: "teams", url: teams.url, allow_private: true }).send(silent, never);
  assert.deepEqual([off.sent, !off.sent && off.retry], [false, false]);
});

test("a workflow that is busy or in trouble is tried again", async () => {
  await using teams = await startTeams();
  const channel = openChannel({ type: "teams", url: teams.url, allow_private: true });
  for (const status of [429, 502]) {
    teams.answerNext(workflowError(status, "Busy", "Try again later."));
    const outcome = await channel.send(silent, never);
    assert.ok(!outcome.sent && outcome.retry);
    assert.equal(outcome.error, `${teams.host} answered ${status}: Busy Try again later.`);
  }
  teams.answerNext({ ...workflowError(429, "Busy", "Try again later."), headers: { "retry-after": "90" } });
  const limited = await channel.send(silent, never);
  assert.equal(!limited.sent && limited.retryAfterMs, 90_000);
});

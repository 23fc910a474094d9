// Holds the documentation to the code: every setting is told with the default and the bounds that hold, every example of a
// configuration is one that Midwatch takes, and every link leads somewhere.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { parseDuration } from "@midwatch/protocol";
import { createChannel } from "@midwatch/server/channels";
import { agentDefaults, noState, type AgentDefaults } from "../packages/cli/src/config/config.ts";
import { agentFields, policyFields, type Field } from "../packages/cli/src/config/fields.ts";
import { parseConfig } from "../packages/cli/src/config/read-config.ts";

const pages = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md").toSorted()].filter((page) =>
  existsSync(page),
);

/** The rows of all tables of a page that begin with a name in backticks, by that name. */
function rowsOf(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const line of readFileSync(page, "utf8").split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    const name = /^`([a-z_]+)`$/.exec(cells[1] ?? "")?.[1];
    if (name !== undefined && !rows.has(name)) rows.set(name, cells.slice(2, -1));
  }
  return rows;
}

const supervision = rowsOf("docs/supervision.md");

function cellsOf(name: string): readonly string[] {
  const cells = supervision.get(name);
  assert(cells, `docs/supervision.md has no row for \`${name}\``);
  return cells;
}

/** As the words of a page in backticks. */
function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}

function msOf(text: string): number {
  const parsed = parseDuration(text);
  assert(parsed.ok, `"${text}" is no duration`);
  return parsed.ms;
}

const policyKeys: Readonly<Record<string, keyof AgentDefaults>> = {
  interval: "intervalMs",
  missed_limit: "missedLimit",
  restart: "restart",
  cooldown: "cooldownMs",
  max_restarts: "maxRestarts",
  max_restarts_per_day: "maxRestartsPerDay",
  probation: "probationMs",
  startup: "startupMs",
  stop_announce: "stopAnnounceMs",
  stop_grace: "stopGraceMs",
  stop_limit: "stopLimitMs",
  liveness: "liveness",
  budget: "budget",
  on_runaway: "onRunaway",
  detector: "detector",
  stuck_cycles: "stuckCycles",
  telemetry: "telemetry",
};

for (const [name, field] of Object.entries(policyFields)) {
  test(`docs/supervision.md tells default and bounds of ${name} as they hold`, () => {
    const [shown = "", bounds = ""] = cellsOf(name);
    const key = policyKeys[name];
    assert(key, `${name} is a new setting; name its default here`);
    checkDefault(shown, agentDefaults[key], field);
    assert.deepEqual(quoted(bounds), boundsOf(field));
  });
}

/** What has no fixed default is told in words. */
function checkDefault(shown: string, value: AgentDefaults[keyof AgentDefaults], field: Field): void {
  if (value === null || typeof value === "object") {
    assert.deepEqual(quoted(shown), []);
    assert.match(shown, field.type === "duration" ? /learned/ : /^none$/);
    return;
  }
  const [word = ""] = quoted(shown);
  if (field.type === "duration") assert.equal(msOf(word), value);
  else assert.equal(word, String(value));
}

function boundsOf(field: Field): readonly string[] {
  switch (field.type) {
    case "duration":
      return [field.least, field.most];
    case "count":
      return [String(field.least), String(field.most)];
    case "choice":
      return field.of;
    case "group":
      return [Object.keys(field.of)[0] ?? "", Object.keys(field.of).at(-1) ?? ""];
    default:
      return [];
  }
}

test("docs/supervision.md tells of every setting of an agent", () => {
  for (const name of Object.keys(agentFields)) cellsOf(name);
  assert.equal(msOf(quoted(cellsOf("validate_timeout")[0] ?? "")[0] ?? ""), noState.validateTimeoutMs);
  assert.equal(quoted(cellsOf("on_invalid")[0] ?? "")[0], noState.onInvalid);
});

test("docs/supervision.md tells of no setting that an agent does not have", () => {
  const known = Object.keys(agentFields);
  const told = readFileSync("docs/supervision.md", "utf8")
    .split("## Every setting")[1]
    ?.split("## How to pick")[0]
    ?.matchAll(/^\| `([a-z_]+)`/gm);
  const strangers = [...(told ?? [])].map(([, name = ""]) => name).filter((name) => !known.includes(name));
  assert.deepEqual(strangers, []);
});

/** Each block of YAML that has one of a configuration's sections, with its page. */
function configurations(): readonly { readonly page: string; readonly text: string }[] {
  return pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
      .map(([, text = ""]) => ({ page, text }))
      .filter(({ text }) => /^(?:agents|defaults|server):/m.test(text)),
  );
}

test("every configuration in the documentation is one that Midwatch takes", () => {
  const examples = configurations();
  assert(examples.length >= 8, "the blocks were found");
  const environment = { SLACK_WEBHOOK: "https://example.org/slack", HOOK_SECRET: "whsec_c2VjcmV0" };
  for (const { page, text } of examples) {
    const read = parseConfig(text, page, environment);
    assert(read.ok, `${page}: ${read.ok ? "" : read.problems.map(({ message }) => message).join("; ")}\n${text}`);
  }
});

/** What people are told to put into the environment, where it must have a shape. */
const shaped: Readonly<Record<string, string>> = {
  DISCORD_WEBHOOK: "https://discord.com/api/webhooks/123/abc",
  HOOK_SECRET: "whsec_c2VjcmV0",
  PAGERDUTY_KEY: "0123456789abcdef0123456789abcdef",
  PUSHOVER_TOKEN: "0123456789abcdef0123456789abcd",
  PUSHOVER_USER: "0123456789abcdef0123456789abcd",
  SLACK_WEBHOOK: "https://hooks.slack.com/services/T/B/x",
  TEAMS_WORKFLOW: "https://example.environment.api.powerplatform.com/workflows/1/triggers/manual/paths/invoke",
  TELEGRAM_TOKEN: "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
};
const channelEnvironment = new Proxy(shaped, { get: (known, name) => known[String(name)] ?? "some-token" });

test("every channel in docs/channels is one that can be opened", () => {
  let opened = 0;
  for (const page of pages.filter((one) => one.startsWith("docs/channels/"))) {
    for (const [, margin = "", text = ""] of readFileSync(page, "utf8").matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)) {
      const read = parseConfig(text.replaceAll(new RegExp(`^${margin}`, "gm"), ""), page, channelEnvironment);
      assert(read.ok, `${page}: ${read.ok ? "" : read.problems.map(({ message }) => message).join("; ")}\n${text}`);
      const { channels, server } = read.config;
      for (const [name, settings] of Object.entries(channels)) {
        const around = { stream: process.stdout, now: Date.now, allowExec: server.allowExec };
        const made = createChannel(name, settings, around);
        assert(made.ok, `${page}: ${made.ok ? "" : JSON.stringify(made.errors)}\n${text}`);
        opened += 1;
      }
    }
  }
  assert(opened >= 12, "the blocks were found");
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, "utf8")
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const text = readFileSync(page, "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/i.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      assert(existsSync(resolve(target)), `${page} links to ${link}, which is not there`);
      if (anchor === undefined || statSync(target).isDirectory()) continue;
      assert(anchorsOf(target).has(anchor), `${page} links to ${link}, and ${target} has no such heading`);
    }
  });
}

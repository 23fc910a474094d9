import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import test from "node:test";
import { channelTypes, createChannel } from "./create-channel.ts";
import { templateNames } from "./webhook/webhook-template.ts";

const around = { stream: new PassThrough(), now: () => 0, allowExec: true };

function errorsOf(config: Readonly<Record<string, unknown>>): readonly string[] {
  const made = createChannel("me", config, around);
  return made.ok ? [] : made.errors.map(({ path, message }) => `${path} ${message}`);
}

const smallest: readonly Readonly<Record<string, unknown>>[] = [
  { type: "console" },
  { type: "webhook", url: "https://example.org/hook" },
  { type: "ntfy", url: "https://ntfy.sh/my-topic" },
  { type: "email", host: "smtp.example.org", from: "alerts@example.org", to: "ada@example.org" },
  { type: "slack", url: "https://hooks.slack.com/services/T/B/x" },
  { type: "slack", token: "xoxb-1", channel: "C0123456789" },
  { type: "discord", url: "https://discord.com/api/webhooks/123/abc" },
  { type: "telegram", token: "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", chat: -1001234567890 },
  {
    type: "teams",
    url: "https://example.environment.api.powerplatform.com/workflows/1/triggers/manual/paths/invoke",
  },
  { type: "matrix", server: "https://matrix.example.org", token: "syt_1", room: "!abc:example.org" },
  { type: "pagerduty", integration_key: "0123456789abcdef0123456789abcdef" },
  { type: "opsgenie", key: "01234567-89ab-cdef-0123-456789abcdef" },
  { type: "pushover", token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi", user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG" },
  { type: "exec", command: ["notify"] },
];

test("every type of channel can be made from its smallest settings", () => {
  for (const config of smallest) assert.deepEqual(errorsOf(config), []);
});

test("an acknowledgement reaches programs, services that keep incidents, and what can be changed or quieted; it is no mail", () => {
  const hears = smallest.flatMap((config) => {
    const made = createChannel("me", config, around);
    return made.ok && made.channel.hearsAcknowledgements === true ? [config["type"] as string] : [];
  });
  assert.deepEqual(hears, [
    ...["webhook", "slack", "discord", "telegram", "matrix"],
    ...["pagerduty", "opsgenie", "pushover", "exec"],
  ]);
});

/** The settings a type has, as its own refusal of an unknown one names them. */
function settingsOf(config: Readonly<Record<string, unknown>>): readonly string[] {
  const refusal = errorsOf({ ...config, no_such_setting: 1 }).find((error) => error.includes("no_such_setting"));
  return refusal?.replace(/^.* it has /, "").split(", ") ?? [];
}

for (const config of [...channelTypes.map((type) => ({ type })), { type: "slack", token: "xoxb-1" }]) {
  test(`docs/channels tells of every setting of ${Object.values(config).join(" with ")}`, () => {
    const page = readFileSync(new URL(`../../../../docs/channels/${config.type}.md`, import.meta.url), "utf8");
    const told = [...page.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    for (const name of settingsOf(config)) assert.ok(name === "type" || told.includes(name), name);
    assert.ok(settingsOf(config).includes("type"));
  });
}

test("docs/channels has a row for every type", () => {
  const page = readFileSync(new URL("../../../../docs/channels/README.md", import.meta.url), "utf8");
  for (const type of channelTypes) assert.ok(page.includes(`](${type}.md)`), type);
});

test("docs/channels tells of every name of a template", () => {
  const page = readFileSync(new URL("../../../../docs/channels/webhook.md", import.meta.url), "utf8");
  for (const name of templateNames) assert.ok(page.includes(`\`{{${name}}}\``), name);
});

test("an unknown or missing type names the types there are", () => {
  const expected = [
    "channels.me.type must be one of console, webhook, ntfy, email, slack, discord, telegram, teams, matrix, pagerduty, opsgenie, pushover, exec",
  ];
  assert.deepEqual(errorsOf({ type: "pigeon" }), expected);
  assert.deepEqual(errorsOf({}), expected);
  assert.deepEqual(errorsOf({ type: "constructor" }), expected);
});

test("all that is wrong with a channel is said at once, a misspelt field included", () => {
  const errors = errorsOf({ type: "webhook", url: "example.org", secert: "x", secret: "", allow_private: "yes" });
  assert.deepEqual(
    errors.map((error) => error.split(" ")[0]),
    ["channels.me.allow_private", "channels.me.url", "channels.me.secret", "channels.me.secert"],
  );
});

test("a loopback address written by the operator still needs allow_private, and the error says exactly that", () => {
  for (const host of ["127.0.0.1:9000", "localhost", "[::1]", "10.1.2.3", "169.254.169.254"]) {
    const [error] = errorsOf({ type: "webhook", url: `http://${host}/hook` });
    assert.match(error!, /add "allow_private: true" to this channel/, host);
    assert.deepEqual(errorsOf({ type: "webhook", url: `http://${host}/hook`, allow_private: true }), []);
  }
});

test("URLs that are not http, or hold a password, are refused without repeating them", () => {
  const [scheme] = errorsOf({ type: "webhook", url: "file:///etc/passwd" });
  assert.match(scheme!, /must start with https:/);
  const [password] = errorsOf({ type: "webhook", url: "https://me:hunter2@example.org" });
  assert.match(password!, /user or password/);
  assert.doesNotMatch(password!, /hunter2/);
});

test("a secret that was cut while copying is refused, an ntfy address without a topic too", () => {
  assert.match(errorsOf({ type: "webhook", url: "https://example.org", secret: "whsec_$$$" })[0]!, /not base64/);
  assert.match(errorsOf({ type: "ntfy", url: "https://ntfy.sh" })[0]!, /must end in a topic/);
});

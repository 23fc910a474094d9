import assert from "node:assert/strict";
import { test } from "node:test";
import { redacted, redactText, redactVariable, secretValues } from "./redact.ts";

const secrets: readonly (readonly [text: string, secret: string])[] = [
  ["Authorization: Bearer abc.def-123", "abc.def-123"],
  [`{"authorization":"Bearer abcdef123"}`, "abcdef123"],
  ["sent with bearer tok_9f8e7d6c", "tok_9f8e7d6c"],
  ["Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["cookie: sid=77aa; theme=dark", "77aa"],
  ["x-api-key: 1234567890", "1234567890"],
  ["using sk-proj-Abc_123456", "sk-proj-Abc_123456"],
  ["using sk-ant-api03-xyzxyz", "sk-ant-api03-xyzxyz"],
  ["key mw_Zz19aaaabbbb in use", "mw_Zz19aaaabbbb"],
  ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"],
  ["ghp_abcdefghijklmnop1234", "ghp_abcdefghijklmnop1234"],
  ["xoxb-123456-abcdef", "xoxb-123456-abcdef"],
  ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIiOiIxIn0"],
  ["postgres://bob:hunter2@db:5432/x", "hunter2"],
  ["redis://:p%40ss@cache:6379", "p%40ss"],
  ["https://ghtoken@example.org/repo.git", "ghtoken"],
  ["api_key=abcdef", "abcdef"],
  [`"apiKey": "abcdef"`, "abcdef"],
  ["OPENAI_API_KEY='a b c'", "a b c"],
  ["clientSecret: zyx987", "zyx987"],
  ["password = hunter2", "hunter2"],
  ["Password: hunter2", "hunter2"],
  ["Api-Key: abc123def", "abc123def"],
  ["GET /v1/x?key=AbCd&page=2", "AbCd"],
  ["run.py --api-key s3cr3t --verbose", "s3cr3t"],
  ["run.py --token=s3cr3t", "s3cr3t"],
  ["Environment=API_TOKEN=qwertyuiop", "qwertyuiop"],
  ["run.py --db-password hunter2", "hunter2"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----", "MIIE"],
  ["-----BEGIN PRIVATE KEY-----\nMIIEcut off", "MIIEcut"],
];

for (const [text, secret] of secrets) {
  test(`taken out: ${text.replaceAll("\n", " ")}`, () => {
    const shown = redactText(text);
    assert.ok(!shown.includes(secret), shown);
    assert.ok(shown.includes(redacted), shown);
  });
}

const harmless = [
  "tokens: 1200, tokens_used=10, max_tokens=4096",
  "KeyError: 'user_id'",
  "the token validation failed",
  "key: user-17",
  "disk-usage task-scheduler desk-abcdefghi",
  "https://example.org/path?page=2",
  "at think (file:///srv/agent.mjs:12:3)",
  "monkey=7 keyboard=de",
  "password: null",
];

for (const text of harmless) {
  test(`left alone: ${text}`, () => assert.equal(redactText(text), text));
}

test("what stands around a secret stays readable", () => {
  assert.equal(
    redactText("postgres://bob:x@db/agents: refused, api_key=abc, retry in 5 s"),
    `postgres://${redacted}@db/agents: refused, api_key=${redacted}, retry in 5 s`,
  );
});

test("a variable is hidden by its name, by its look, or in part", () => {
  assert.equal(redactVariable("MIDWATCH_KEY", "x"), redacted);
  assert.equal(redactVariable("DB_PASSWORD", "hunter2"), redacted);
  assert.equal(redactVariable("SENTRY_DSN", "https://a@b/1"), redacted);
  assert.equal(redactVariable("NAMELESS", "0123456789abcdef0123456789abcdef"), redacted);
  assert.equal(redactVariable("DATABASE_URL", "postgres://bob:x@db/y"), `postgres://${redacted}@db/y`);
  assert.equal(redactVariable("PATH", "/usr/local/bin:/usr/bin"), "/usr/local/bin:/usr/bin");
  assert.equal(redactVariable("LANG", "C.UTF-8"), "C.UTF-8");
  assert.equal(redactVariable("PWD", "/srv/agents/bot"), "/srv/agents/bot");
  assert.equal(
    redactVariable("MIDWATCH_RUN_ID", "0b9e5c1e-6f0a-4c57-9d0a-1d9a3c0f7a11"),
    "0b9e5c1e-6f0a-4c57-9d0a-1d9a3c0f7a11",
  );
});

test("a secret of the environment is taken out wherever it turns up", () => {
  const known = secretValues([
    ["DB_PASSWORD", "correct horse"],
    ["DEBUG_TOKEN", "on"],
    ["LANG", "C.UTF-8"],
    ["PWD", "/srv/agents/bot"],
    ["SSH_KEY_FILE", "/srv/agents/bot/id_ed25519"],
  ]);
  assert.deepEqual(known, ["correct horse"]);
  assert.equal(
    redactText("login with correct horse failed; it is on", known),
    `login with ${redacted} failed; it is on`,
  );
});

test("text made to slow the search down is read in time", () => {
  for (const text of ["a_".repeat(200_000), "key".repeat(100_000), "x-".repeat(200_000), "://".repeat(100_000)])
    assert.equal(typeof redactText(text), "string");
});

import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Beat } from "@midwatch/core";
import { nodeExample, repository, startExample, type ExampleProcess } from "./testing/example-process.ts";
import { ModelServer } from "./testing/model-server.ts";
import { Receiver } from "./testing/receiver.ts";

interface Desk {
  readonly inbox: string;
  readonly out: string;
  readonly receiver: Receiver;
  readonly start: (env?: Readonly<Record<string, string>>) => ExampleProcess;
}

/** A copy of the example's inbox, an empty folder for summaries, and a server for the beats. */
async function desk(t: TestContext): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), "folder-digest-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [inbox, out] = [join(folder, "inbox"), join(folder, "out")];
  cpSync(join(repository, "examples/folder-digest/inbox"), inbox, { recursive: true });
  const receiver = await Receiver.listen();
  t.after(() => receiver.close());
  const start = (env: Readonly<Record<string, string>> = {}): ExampleProcess => {
    const agent = startExample(t, nodeExample("examples/folder-digest/main.ts"), {
      ...receiver.environment,
      DIGEST_INBOX: inbox,
      DIGEST_OUT: out,
      DIGEST_EVERY: "30ms",
      ...env,
    });
    return agent;
  };
  return { inbox, out, receiver, start };
}

const digested = (beats: readonly Beat[]): readonly string[] =>
  beats.flatMap(({ message }) => /^digested (\S+):/.exec(message ?? "")?.[1] ?? []);
const reread = (beats: readonly Beat[]): readonly Beat[] => beats.filter(({ cycleKind }) => cycleKind === "reread");

const notes = ["bakery-notes.md", "harbour-log.txt", "night-train.txt", "seed-library.md"];

test("folder-digest summarises each file once, then re-reads them in turn", async (t) => {
  const { receiver, out, start } = await desk(t);
  start();
  await receiver.until("eight quiet turns", (beats) => reread(beats).length >= 8);
  const beats = receiver.beats.map(({ beat }) => beat);
  assert.deepEqual(digested(beats), notes);
  assert.equal(new Set(reread(beats).map(({ message }) => message)).size, notes.length);
  for (const beat of beats.slice(1)) assert.ok(beat.tokens > 0 && beat.tokens < 1_000, `${beat.tokens} tokens`);
  assert.deepEqual(readdirSync(out).toSorted(), [...notes.map((name) => `${name}.summary.md`), "state.json"]);
  assert.match(readFileSync(join(out, "harbour-log.txt.summary.md"), "utf8"), /the switch was replaced/);
  assert.deepEqual(receiver.notices(), []);
});

test("after a SIGKILL folder-digest goes on where it was, and digests only what has changed", async (t) => {
  const { inbox, receiver, start } = await desk(t);
  const first = start({ MIDWATCH_RUN_ID: "first" });
  await receiver.until("two digests", (beats) => digested(beats).length >= 2);
  first.kill("SIGKILL");
  await first.ended;
  const before = digested(receiver.beats.map(({ beat }) => beat));

  start({ MIDWATCH_RUN_ID: "second" });
  const ofSecond = (beats: readonly Beat[]): readonly Beat[] => beats.filter(({ runId }) => runId === "second");
  await receiver.until("quiet in its second life", (beats) => reread(ofSecond(beats)).length >= 4);
  const after = digested(ofSecond(receiver.beats.map(({ beat }) => beat)));
  // The kill may fall between a digest and its beat: then that one file is told by neither life.
  assert.equal(
    new Set([...before, ...after]).size,
    before.length + after.length,
    `${before.join()} and ${after.join()} share no file`,
  );
  assert.ok(before.length + after.length >= notes.length - 1);

  utimesSync(join(inbox, "harbour-log.txt"), new Date(), new Date());
  appendFileSync(join(inbox, "night-train.txt"), "\nThe timetable went to print.\n");
  await receiver.until("the changed note", (beats) => digested(ofSecond(beats)).length > after.length);
  await receiver.until("the touched note", (beats) => beats.some(({ message }) => message?.includes("was touched")));
  assert.deepEqual(digested(ofSecond(receiver.beats.map(({ beat }) => beat))).slice(after.length), ["night-train.txt"]);
});

test("a state that can't be used is moved aside, not overwritten", async (t) => {
  const { receiver, out, start } = await desk(t);
  const first = start();
  await receiver.until("all digests", (beats) => digested(beats).length === notes.length);
  first.kill("SIGKILL");
  await first.ended;
  writeFileSync(join(out, "state.json"), '{"version":1,"notes":{"a');
  const second = start();
  await receiver.until("all digests again", (beats) => digested(beats).length === 2 * notes.length);
  const aside = readdirSync(out).find((name) => name.startsWith("state.json.unusable-"));
  assert.equal(readFileSync(join(out, aside ?? ""), "utf8"), '{"version":1,"notes":{"a');
  assert.match(second.output(), /can't be used; it is kept as/);
});

test("told to stop, folder-digest ends in order", async (t) => {
  const { receiver, start } = await desk(t);
  const agent = start();
  await receiver.until("its first turn", (beats) => beats.length >= 2);
  receiver.directive = "stop";
  assert.deepEqual(await agent.ended, { code: 0, signal: null });
  assert.equal(receiver.beats.at(-1)?.beat.status, "stopped");
});

for (const [provider, keyName, baseName, base] of [
  ["OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"],
  ["Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ""],
] as const) {
  test(`with a key for ${provider}, the answer's own usage is counted, and quiet turns cost nothing`, async (t) => {
    const { receiver, out, start } = await desk(t);
    const model = await ModelServer.listen();
    t.after(() => model.close());
    start({ [keyName]: "sk-example", [baseName]: `${model.url}${base}` });
    await receiver.until("four quiet turns", (beats) => reread(beats).length >= 4);
    const beats = receiver.beats.map(({ beat }) => beat);
    assert.equal(model.requests.length, notes.length, "one call a note, and none after");
    const usage = beats.flatMap((beat) => beat.usage);
    assert.deepEqual(
      usage.map(({ inputTokens, outputTokens, model: name }) => [inputTokens, outputTokens, name]),
      model.requests.map(({ used }) => [used.input, used.output, "model-that-answered"]),
    );
    assert.ok(reread(beats).every(({ tokens }) => tokens === 0));
    assert.match(readFileSync(join(out, "harbour-log.txt.summary.md"), "utf8"), /What the model said/);
  });
}

test("a model that refuses the key makes the turn an error, and the loop goes on", async (t) => {
  const { receiver, out, start } = await desk(t);
  const model = await ModelServer.listen();
  t.after(() => model.close());
  model.refuses = true;
  const agent = start({ OPENAI_API_KEY: "sk-secret-that-must-not-leak", OPENAI_BASE_URL: `${model.url}/v1` });
  await receiver.until("four errors", (beats) => beats.filter(({ status }) => status === "error").length >= 4);
  const [error] = receiver.beats.filter(({ beat }) => beat.status === "error");
  assert.match(error?.beat.message ?? "", /answered 401 \(invalid_request_error\); check the key/);
  assert.ok(!JSON.stringify(receiver.beats).includes("sk-secret"), "the key is in no beat");
  assert.ok(!agent.output().includes("sk-secret"), "the key is in no log");
  model.refuses = false;
  await receiver.until("all digests", (beats) => digested(beats).length === notes.length);
  assert.equal(readdirSync(out).filter((name) => name.endsWith(".summary.md")).length, notes.length);
  assert.deepEqual(receiver.notices(), ["opened failing", "resolved failing"]);
});

for (const [what, env, said] of [
  ["an inbox that is no folder", { DIGEST_INBOX: "package.json" }, /is not a folder; name one/],
  ["summaries in the inbox itself", { DIGEST_INBOX: "docs", DIGEST_OUT: "docs" }, /is the inbox itself/],
  ["a pace that is no duration", { DIGEST_EVERY: "often" }, /is not a duration; write it like 5s/],
] as const) {
  test(`folder-digest refuses ${what} with status 78, so that nobody restarts it in vain`, async (t) => {
    const { start } = await desk(t);
    const agent = start(env);
    assert.deepEqual(await agent.ended, { code: 78, signal: null });
    assert.match(agent.output(), said);
  });
}

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { answers } from "./testing/answers.ts";
import { folderInTest, meterInTest, postJson } from "./testing/meter-in-test.ts";
import { json, providerInTest } from "./testing/provider-in-test.ts";
import { serverInTest, type ServerInTest } from "./testing/server-in-test.ts";
import { until } from "./testing/until.ts";

const path = "openai/v1/chat/completions";

/** Answers under the id that the request asks for, so that a test can tell calls apart. */
async function echoingProvider(t: TestContext): ReturnType<typeof providerInTest> {
  return providerInTest(t, (received, response) => {
    const { model } = JSON.parse(received.body.toString()) as { model: string };
    json({ ...answers.chatAnswer(model), model })(received, response);
  });
}

function nameOf(n: number): string {
  return `chatcmpl-number-${String(n).padStart(12, "0")}`;
}

function keysAt(server: ServerInTest): string[] {
  return server.calls.map(({ call }) => call.key);
}

test("while the server is away calls pass, and when it is back each is told once and in order", async (t) => {
  const provider = await echoingProvider(t);
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const call = async (n: number): Promise<void> => {
    assert.equal((await postJson(`${meter.url}/meter/bot/${path}`, { model: nameOf(n) })).status, 200);
  };
  await call(0);
  await until(() => server.calls.length === 1, "the first call");
  await server.stop();
  for (let n = 1; n < 50; n += 1) await call(n);
  assert.equal(server.calls.length, 1);
  await server.start(server.port);
  await until(() => server.calls.length === 50, "all calls");
  assert.deepEqual(
    keysAt(server),
    Array.from({ length: 50 }, (_, n) => nameOf(n)),
  );
  assert.ok(
    meter.said.some((line) => /cannot be reached.*Calls pass all the same/.test(line)),
    meter.said.join("\n"),
  );
  // Said when the answer has come, a moment after the server has the calls.
  await until(() => meter.said.some((line) => line.includes("the server is back")), "the word that it is back");
});

test("what was not delivered when the meter stopped is delivered by its next life", async (t) => {
  const provider = await echoingProvider(t);
  const server = await serverInTest(t);
  const folder = await folderInTest(t);
  const first = await meterInTest(t, { server, upstream: provider.url, folder });
  await postJson(`${first.url}/meter/bot/${path}`, { model: nameOf(0) });
  await until(() => server.calls.length === 1, "the first call");
  await server.stop();
  for (let n = 1; n < 5; n += 1) await postJson(`${first.url}/meter/bot/${path}`, { model: nameOf(n) });
  await first.stop();
  await server.start(server.port);
  const second = await meterInTest(t, { server, upstream: provider.url, folder });
  assert.equal(second.id, first.id);
  await postJson(`${second.url}/meter/bot/${path}`, { model: nameOf(5) });
  await until(() => server.calls.length === 6, "all calls");
  assert.deepEqual(
    keysAt(server),
    Array.from({ length: 6 }, (_, n) => nameOf(n)),
  );
});

test("a meter killed in mid-traffic loses nothing that it had written down, and tells nothing twice", async (t) => {
  const provider = await echoingProvider(t);
  const server = await serverInTest(t);
  const folder = await folderInTest(t);
  const ended = new Set<string>();
  let n = 0;
  for (let life = 0; life < 3; life += 1) {
    // Of the second life the server sees nothing: what that one knew has to come from the disk.
    if (life === 1) await server.stop();
    const child = await meterProcess(t, { folder, server, upstream: provider.url });
    const loop = async (): Promise<void> => {
      for (;;) {
        const name = nameOf((n += 1));
        const answer = await postJson(`${child.url}/meter/bot/${path}`, { model: name }).catch(() => null);
        if (answer === null) return;
        ended.add(name);
      }
    };
    const loops = Array.from({ length: 8 }, loop);
    const aim = ended.size + 200;
    await until(() => ended.size > aim, "some traffic");
    const exited = once(child.process, "exit");
    child.process.kill("SIGKILL");
    await Promise.all([exited, ...loops]);
    if (life === 1) await server.start(server.port);
  }
  const last = await meterInTest(t, { server, upstream: provider.url, folder });
  await postJson(`${last.url}/meter/bot/${path}`, { model: nameOf(0) });
  await until(() => keysAt(server).includes(nameOf(0)), "the last life's call");
  const told = keysAt(server);
  assert.equal(new Set(told).size, told.length, "nothing twice");
  // What ended in the last moments of a life may not have been flushed; eight loops had one each, and a flush takes some calls together.
  const lost = [...ended].filter((name) => !told.includes(name));
  assert.ok(lost.length <= 3 * 24, `${lost.length} of ${ended.size} calls were lost`);
});

async function meterProcess(
  t: TestContext,
  given: { readonly folder: string; readonly server: ServerInTest; readonly upstream: string },
): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const script = fileURLToPath(new URL("testing/meter-process.ts", import.meta.url));
  const { folder, server, upstream } = given;
  const args = ["--conditions=midwatch-source", script, folder, server.url, server.key, upstream];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { process: child, url: line.toString().trim() };
}

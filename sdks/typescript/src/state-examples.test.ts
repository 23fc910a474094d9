// What docs/state.md shows is run as it stands there, by an agent that dies in the worst moment.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startAgent } from "./testing/agent-process.ts";
import { contentsOf, scratchFolder } from "./testing/scratch.ts";
import { StubServer } from "./testing/stub-server.ts";

const page = readFileSync(new URL("../../../docs/state.md", import.meta.url), "utf8");

test("the example sends each mail once, though its process dies between sending and saying so", async (t) => {
  const folder = scratchFolder(t);
  const stub = await StubServer.listen();
  t.after(() => stub.close());
  const example = /```ts\n(import [^`]*SideEffects[\s\S]*?)```/u.exec(page)?.[1];
  assert.ok(example !== undefined, "the page has an example");
  const sdk = JSON.stringify(new URL("./index.ts", import.meta.url).href);
  const program = `
    import { appendFileSync, existsSync, readFileSync } from "node:fs";
    import * as sdk from ${sdk};
    process.chdir(${JSON.stringify(folder)});
    const mails = () => (existsSync("mails") ? readFileSync("mails", "utf8").split("\\n") : []);
    const wasSent = async (key) => mails().includes(key);
    const sendMail = async (key) => {
      appendFileSync("mails", key + "\\n");
      if (key === "mail-2") process.kill(process.pid, "SIGKILL");
      if (key === "mail-4") await watch.stopped();
    };
    ${example
      .replace(/^import (.*) from "@midwatch\/sdk";$/mu, "const { SideEffects, StateFile } = sdk;")
      .replace("<{ position: number }>", "")
      .replaceAll(`"60s"`, `"5ms"`)}`;
  const first = startAgent(stub, program);
  assert.deepEqual(await first.ended, { status: null, signal: "SIGKILL" }, first.output.text);
  const second = startAgent(stub, program);
  assert.deepEqual(await second.ended, { status: 0, signal: null }, second.output.text);
  assert.equal(readFileSync(join(folder, "mails"), "utf8"), "mail-0\nmail-1\nmail-2\nmail-3\nmail-4\n");
  assert.deepEqual(
    [...contentsOf(folder).keys()],
    ["effects.jsonl", "mails", "state.json", "state.json.1", "state.json.2"],
  );
});

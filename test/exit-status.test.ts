import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

async function endOf(
  t: TestContext,
  args: readonly string[],
  cwd = temporaryFolder(t),
): Promise<{ code: number | null; output: string }> {
  const command = midwatch(t, args, { cwd });
  const { code } = await command.ended;
  return { code, output: command.output() };
}

const table: readonly {
  readonly claim: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}[] = [
  { claim: "help", args: ["--help"], code: 0, says: /Usage: midwatch/ },
  { claim: "an unknown command", args: ["launch"], code: 2, says: /unknown command 'launch'/ },
  { claim: "an unknown flag", args: ["up", "--fast"], code: 2, says: /unknown option '--fast'/ },
  {
    claim: "a duration without a unit",
    args: ["run", "--interval", "60", "--", "true"],
    code: 2,
    says: /write 60s for seconds/,
  },
  {
    claim: "a limit out of its bounds",
    args: ["run", "--missed-limit", "0", "--", "true"],
    code: 2,
    says: /must be a whole number from 1 to 100, not 0/,
  },
  { claim: "a key without a scope", args: ["key", "create"], code: 2, says: /--scope/ },
  {
    claim: "a command that needs a server where there is none",
    args: ["status"],
    code: 1,
    says: /Start one with `midwatch up`/,
  },
  {
    claim: "a server that does not answer",
    args: ["status", "--server", "http://127.0.0.1:9", "--key", "mw_x"],
    code: 1,
    says: /No Midwatch server answers at http:\/\/127\.0\.0\.1:9/,
  },
  {
    claim: "an address that is none",
    args: ["status", "--server", "localhost", "--key", "mw_x"],
    code: 2,
    says: /write it like http/,
  },
  {
    claim: "a configuration that is not there",
    args: ["up", "--config", "nothing.yaml"],
    code: 78,
    says: /nothing\.yaml.*can't be read/,
  },
  { claim: "supervising nothing", args: ["supervise"], code: 78, says: /no agent to keep/ },
  {
    claim: "listening elsewhere without a key",
    args: ["server", "--listen", "0.0.0.0:0"],
    code: 78,
    says: /midwatch key create/,
  },
];

for (const { claim, args, code, says } of table) {
  test(`${claim} ends with status ${code} and says what to do`, async (t) => {
    const end = await endOf(t, args);
    assert.match(end.output, says);
    assert.equal(end.code, code);
    assert.doesNotMatch(end.output, /\n\s+at .*\.ts:\d+/, "no stack trace reaches a person");
  });
}

test("a mistake in the configuration is named with its line, and status 78", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "midwatch.yaml"), "server:\n  listen: 4004\n  budget: 3\n");
  const { code, output } = await endOf(t, ["up"], folder);
  assert.equal(code, 78);
  assert.match(output, /midwatch\.yaml:2:11: server\.listen must be host:port/);
  assert.match(output, /midwatch\.yaml:3:3: server has no setting "budget"/);
});

test("a port that is taken is named, and status 78", async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  for (const command of ["server", "up"]) {
    const { code, output } = await endOf(t, [command, "--data", temporaryFolder(t), ...listenArgs(t, command, port)]);
    assert.equal(code, 78, output);
    assert.match(output, new RegExp(String(port)));
  }
});

/** `up` takes its address from a file only. */
function listenArgs(t: TestContext, command: string, port: number): string[] {
  if (command === "server") return ["--listen", `127.0.0.1:${port}`];
  const config = join(temporaryFolder(t), "midwatch.yaml");
  writeFileSync(config, `server: { listen: "127.0.0.1:${port}" }\n`);
  return ["--config", config];
}

test("a data folder that cannot be one is named, and status 78", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "file"), "not a folder");
  const inFile = await endOf(t, ["server", "--listen", "127.0.0.1:0", "--data", join(folder, "file")]);
  assert.equal(inFile.code, 78);
  assert.match(inFile.output, /data folder .*file.* can't be used/);

  mkdirSync(join(folder, "odd"));
  writeFileSync(
    join(folder, "odd", "midwatch.db"),
    "this is a text and no database, however long it may be ".repeat(100),
  );
  const notADatabase = await endOf(t, ["server", "--listen", "127.0.0.1:0", "--data", join(folder, "odd")]);
  assert.equal(notADatabase.code, 78);
  assert.match(notADatabase.output, /midwatch\.db/);
});

test("two servers do not share a data folder", async (t) => {
  const data = join(temporaryFolder(t), "data");
  const first = midwatch(t, ["server", "--listen", "127.0.0.1:0", "--data", data]);
  await first.said(/on watch/);
  const second = await endOf(t, ["server", "--listen", "127.0.0.1:0", "--data", data]);
  assert.equal(second.code, 78);
  assert.match(second.output, /Another Midwatch server \(process \d+, http:.*\) is using the data folder/);
});

test("a key is printed once, works beside a running server, and can be revoked", async (t) => {
  const data = join(temporaryFolder(t), "data");
  const server = midwatch(t, ["server", "--listen", "127.0.0.1:0", "--data", data]);
  const [, url = ""] = await server.said(/(http:\/\/127\.0\.0\.1:\d+)/);
  const created = await endOf(t, ["key", "create", "--scope", "read", "--label", "dashboards", "--data", data]);
  assert.equal(created.code, 0, created.output);
  const [key = ""] = /mw_[\w-]{32}/.exec(created.output) ?? [];
  await until(
    async () => (await endOf(t, ["status", "--json", "--server", url, "--key", key])).output.trim() === "[]",
    () => "the running server to know the new key",
  );
  const stop = await endOf(t, ["pause", "some-agent", "--server", url, "--key", key]);
  assert.equal(stop.code, 1, "a key that may look may not act");

  const list = await endOf(t, ["key", "list", "--json", "--data", data]);
  const { id } =
    (JSON.parse(list.output) as { id: number; label: string }[]).find(({ label }) => label === "dashboards") ?? {};
  const revoked = await endOf(t, ["key", "revoke", String(id), "--data", data]);
  assert.match(revoked.output, /is revoked/);
});

// `midwatch up` with a meter: kept like the server, and agents' clients find it without a change in their code.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { freePort } from "./support/free-port.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

/** A model that always says the same. */
async function provider(t: TestContext): Promise<{ readonly url: string; readonly paths: readonly string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    request.resume().on("end", () => response.end(JSON.stringify({ id: `chatcmpl-${"x".repeat(20)}`, choices: [] })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

/** Writes its environment, and lives on. */
const teller = `require("fs").writeFileSync(process.argv[1], JSON.stringify(process.env)); setInterval(() => {}, 1e6)`;

function environmentIn(file: string): Record<string, string> | null {
  if (!existsSync(file)) return null;
  const text = readFileSync(file, "utf8");
  return text.endsWith("}") ? (JSON.parse(text) as Record<string, string>) : null;
}

test("`midwatch up` keeps a meter, restarts it when it is killed, and points its agents to it", async (t) => {
  const folder = temporaryFolder(t);
  const model = await provider(t);
  const told = join(folder, "environment.json");
  writeFileSync(join(folder, "teller.cjs"), teller.replace("process.argv[1]", "process.argv[2]"));
  const [serverPort, meterPort] = [await freePort(), await freePort()];
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${serverPort}" }
meter: { listen: "127.0.0.1:${meterPort}", providers: { openai: { url: "${model.url}" } } }
agents:
  bot: { run: '"${process.execPath}" "${folder}/teller.cjs" "${told}"', liveness: process, meter: [openai, anthropic] }
`,
  );
  const up = midwatch(t, ["up", "--config", config]);
  const environment = await until(
    () => environmentIn(told),
    () => `the agent's environment:\n${up.output()}`,
  );
  const base = `http://127.0.0.1:${meterPort}/meter/bot`;
  assert.equal(environment["OPENAI_BASE_URL"], `${base}/openai/v1`);
  assert.equal(environment["ANTHROPIC_BASE_URL"], `${base}/anthropic`);
  assert.equal(environment["OTEL_EXPORTER_OTLP_ENDPOINT"], `http://127.0.0.1:${serverPort}/otlp/bot`);
  assert.match(environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "", /^authorization=Bearer%20mw_/);

  const ask = async (): Promise<boolean> => {
    const answer = await fetch(`${base}/openai/v1/chat/completions`, { method: "POST", body: "{}" }).catch(() => null);
    await answer?.text();
    return answer?.status === 200;
  };
  await until(ask, () => `a call to pass:\n${up.output()}`);
  assert.equal(model.paths[0], "/v1/chat/completions");

  const { pid } = JSON.parse(readFileSync(join(folder, ".midwatch/meter.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  await up.said(/midwatch-meter: killed by SIGKILL/);
  await until(ask, () => `the meter's next life:\n${up.output()}`);

  up.child.kill("SIGTERM");
  assert.equal((await up.ended).code, 0, up.output());
  assert.equal(await ask(), false, "no meter is left behind");
});

test("`midwatch run --meter` says how to start a meter when there is none, and starts nothing", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "ran");
  const run = midwatch(t, ["run", "--data", join(folder, "data"), "--meter", "openai", "--", "touch", file]);
  assert.equal((await run.ended).code, 1);
  assert.match(run.output(), /No meter runs with the data folder .*Start one with `midwatch meter`/);
  assert.ok(!existsSync(file));
});

test("`midwatch run --no-telemetry` leaves the agent's environment alone", async (t) => {
  const folder = temporaryFolder(t);
  const told = join(folder, "environment.json");
  const script = `require("fs").writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.env))`;
  const at = [
    "--data",
    join(folder, "data"),
    "--server",
    "http://127.0.0.1:9",
    "--key",
    "mw_k",
    "--restart",
    "never",
    "--name",
    "bot",
  ];
  const command = ["--", process.execPath, "-e", script];
  const withIt = midwatch(t, ["run", ...at, ...command]);
  await withIt.ended;
  assert.equal(environmentIn(told)?.["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:9/otlp/bot", withIt.output());
  await midwatch(t, ["run", ...at, "--no-telemetry", ...command]).ended;
  assert.equal(environmentIn(told)?.["OTEL_EXPORTER_OTLP_ENDPOINT"], undefined);
});

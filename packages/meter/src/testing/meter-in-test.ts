import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { MeterOptions, RunningMeter } from "../index.ts";
import { startMeter } from "../meter.ts";
import type { ServerInTest } from "./server-in-test.ts";

const metersIn = new Map<string, RunningMeter[]>();

/** Gone after the test, when every meter that worked in it has stopped. */
export async function folderInTest(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-meter-"));
  metersIn.set(folder, []);
  t.after(async () => {
    await Promise.all((metersIn.get(folder) ?? []).map((meter) => meter.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A meter on a free port whose built-in providers all lead to `upstream`; stopped when the test ends. */
export async function meterInTest(
  t: TestContext,
  given: { readonly server: ServerInTest; readonly upstream: string } & Partial<MeterOptions>,
): Promise<RunningMeter & { readonly said: readonly string[] }> {
  const { server, upstream, ...more } = given;
  const said: string[] = [];
  const folder = more.folder ?? (await folderInTest(t));
  const names = ["openai", "anthropic", "gemini", "ollama", "openrouter", "mistral"];
  const meter = await startMeter({
    listen: { host: "127.0.0.1", port: 0 },
    server: { url: () => server.url, key: server.key },
    providers: Object.fromEntries(names.map((name) => [name, { url: upstream }])),
    log: (line) => said.push(line),
    ...more,
    folder,
  });
  metersIn.get(folder)?.push(meter);
  return { ...meter, said };
}

export interface RawAnswer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly trailers: readonly string[];
}

/** A request whose answer is looked at byte by byte; nothing is decompressed or followed. */
export function rawRequest(
  url: string,
  given: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
  } = {},
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const { method = "POST", headers = {}, body } = given;
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const request = httpRequest(url, { method, headers: { ...headers, ...length }, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", reject);
    answer.on("end", () =>
      resolve({
        status: answer.statusCode ?? 0,
        rawHeaders: answer.rawHeaders,
        headers: answer.headers,
        body: Buffer.concat(chunks),
        trailers: answer.rawTrailers,
      }),
    );
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

export function postJson(url: string, body: unknown): Promise<RawAnswer> {
  const headers = { "content-type": "application/json", authorization: "Bearer sk-secret" };
  return rawRequest(url, { headers, body: JSON.stringify(body) });
}

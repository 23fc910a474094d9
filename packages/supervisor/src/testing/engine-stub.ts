// Something that speaks like a Docker daemon over a real socket, for what a real one cannot be made to do: to be of a
// version that does not exist here, to hang, to talk nonsense.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface EngineStub {
  readonly socket: string;
  readonly env: { readonly DOCKER_HOST: string };
  /** Every request so far, as `GET /v1.52/events?…`. */
  readonly asked: readonly string[];
  /** Requests that have not been answered to their end. */
  readonly open: () => number;
}

/** Gone after the test. */
export async function openEngineStub(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<EngineStub> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-engine-"));
  const socket = join(folder, "docker.sock");
  const asked: string[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    open += 1;
    response.on("close", () => (open -= 1));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { socket, env: { DOCKER_HOST: `unix://${socket}` }, asked, open: () => open };
}

/** Answers as a daemon that speaks versions from `min` to `max` does, and hands on what is of one of these, without the version. */
export function speaking(
  versions: { readonly min: string; readonly max: string },
  answer: (path: string, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ url = "" }, response) => {
    if (url === "/_ping") {
      response.setHeader("Api-Version", versions.max).end("OK");
      return;
    }
    const [, version = versions.max, path = url] = /^\/v(\d+\.\d+)(\/.*)$/.exec(url) ?? [];
    if (minor(version) < minor(versions.min)) {
      refuse(response, `client version ${version} is too old. Minimum supported API version is ${versions.min}`);
    } else if (minor(version) > minor(versions.max)) {
      refuse(response, `client version ${version} is too new. Maximum supported API version is ${versions.max}`);
    } else {
      answer(path, response);
    }
  };
}

function refuse(response: ServerResponse, message: string): void {
  response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ message }));
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}

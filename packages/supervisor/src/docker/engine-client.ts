// Speaks the Docker Engine API over its socket. The version is never pinned: a daemon of 2026 refuses what one of 2022
// needs. It is asked once (`/_ping`, which every version answers), and its own newest one is spoken; what is read here has been
// the same in all of them. A daemon that was replaced meanwhile answers 400 to the old version, and is asked again.
//
// Every call has an end: in time, and in the bytes that are taken. When the daemon cannot be reached, that is a
// SupervisorError of code `platform_unavailable` that says what to do, and says nothing about any container.

import type { IncomingMessage } from "node:http";
import type { DurationMs } from "@midwatch/core";
import { describeError, SupervisorError, systemCode } from "../failure.ts";
import { http } from "../node-http.ts";
import { pickSocket, spellAddress, type EngineAddress } from "./engine-address.ts";

export interface EngineCall {
  readonly method: "GET" | "POST";
  /** From the slash on, without a version: `/containers/bot/json`. */
  readonly path: string;
  readonly limitMs: DurationMs;
  readonly signal?: AbortSignal;
}

export interface EngineAnswer {
  readonly status: number;
  /** At most `bodyLimit` bytes; a longer body is refused. */
  readonly text: string;
}

const bodyLimit = 4 * 1024 * 1024;
const pingLimitMs: DurationMs = 3_000;

export class EngineClient {
  readonly #address: EngineAddress;
  /** `/v1.41`, or nothing for a daemon that does not tell. */
  #prefix: Promise<string> | null = null;

  constructor(address: EngineAddress) {
    this.#address = address;
  }

  /** As a person writes it: `unix:///var/run/docker.sock`. */
  get where(): string {
    return spellAddress(this.#address);
  }

  /** The whole answer, whatever its status. Rejects with `platform_unavailable`. */
  async call(call: EngineCall): Promise<EngineAnswer> {
    const spokenBefore = await this.#version();
    const answer = await this.#callWith(spokenBefore, call);
    if (answer.status !== 400) return answer;
    this.#prefix = null;
    const spokenNow = await this.#version();
    return spokenNow === spokenBefore ? answer : this.#callWith(spokenNow, call);
  }

  /**
   * An answer to be read as it comes; `limitMs` is for its beginning alone, its end is the caller's `signal`. Rejects with
   * `platform_unavailable`, also for a status that is not 200.
   */
  async open({
    path,
    limitMs,
    signal,
  }: Omit<EngineCall, "method"> & { readonly signal: AbortSignal }): Promise<IncomingMessage> {
    const prefix = await this.#version();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), limitMs);
    try {
      const answer = await this.#send("GET", `${prefix}${path}`, AbortSignal.any([signal, late.signal]));
      if (answer.statusCode === 200) return answer;
      answer.destroy();
      // It may be the version: the next try asks for it.
      this.#prefix = null;
      throw new SupervisorError("platform_unavailable", `${this.where} answered ${answer.statusCode ?? 0} to ${path}`);
    } catch (error) {
      throw this.#unavailable(error, late.signal.aborted ? limitMs : null);
    } finally {
      clearTimeout(timer);
    }
  }

  async #callWith(prefix: string, { method, path, limitMs, signal }: EngineCall): Promise<EngineAnswer> {
    const limit = AbortSignal.timeout(limitMs);
    try {
      const answer = await this.#send(method, `${prefix}${path}`, signal ? AbortSignal.any([signal, limit]) : limit);
      return { status: answer.statusCode ?? 0, text: await readBounded(answer) };
    } catch (error) {
      throw this.#unavailable(error, limit.aborted ? limitMs : null);
    }
  }

  #version(): Promise<string> {
    this.#prefix ??= this.#askVersion().catch((error: unknown) => {
      this.#prefix = null;
      throw error;
    });
    return this.#prefix;
  }

  async #askVersion(): Promise<string> {
    const limit = AbortSignal.timeout(pingLimitMs);
    try {
      const answer = await this.#send("GET", "/_ping", limit);
      answer.resume();
      const { "api-version": told } = answer.headers;
      if (typeof told === "string" && /^\d+\.\d+$/.test(told)) return `/v${told}`;
      if (answer.statusCode === 200) return "";
    } catch (error) {
      throw this.#unavailable(error, limit.aborted ? pingLimitMs : null);
    }
    throw new SupervisorError("platform_unavailable", notDocker(this.where));
  }

  #send(method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const address = this.#address;
    if (address.kind === "unusable") throw new SupervisorError("platform_unavailable", address.reason);
    const place =
      address.kind === "tcp"
        ? { host: address.host, port: address.port }
        : { socketPath: pickSocket(address.paths), headers: { host: "docker" } };
    return new Promise((resolve, reject) => {
      http
        .request({ ...place, method, path, signal, agent: false }, resolve)
        .on("error", reject)
        .end();
    });
  }

  /** `lateMs`: the time was up after that long. */
  #unavailable(error: unknown, lateMs: DurationMs | null): SupervisorError {
    if (error instanceof SupervisorError) return error;
    this.#prefix = null;
    const { message, retryable } = explain(error, this.where, lateMs);
    return new SupervisorError("platform_unavailable", message, { cause: error, retryable });
  }
}

async function readBounded(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new Error(`the answer is longer than ${bodyLimit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function explain(error: unknown, where: string, lateMs: DurationMs | null): { message: string; retryable: boolean } {
  if (lateMs !== null)
    return { message: `Docker at ${where} did not answer within ${lateMs / 1_000} s`, retryable: true };
  const code = systemCode(error);
  switch (code) {
    case "ENOENT":
      return {
        message: `there is no Docker at ${where}: no such socket. Start Docker (systemctl start docker), or name its socket in DOCKER_HOST`,
        retryable: true,
      };
    case "EACCES":
    case "EPERM":
      return {
        message: `this user may not speak to Docker at ${where}: add the user to the group that owns the socket (sudo usermod -aG docker USER), and log in anew`,
        retryable: false,
      };
    case "ECONNREFUSED":
      return {
        message: `nothing answers at ${where}: Docker is not running. Start it (systemctl start docker), or name its socket in DOCKER_HOST`,
        retryable: true,
      };
    default:
      if (code?.startsWith("HPE_") === true) return { message: notDocker(where), retryable: false };
      return { message: `Docker at ${where} cannot be reached: ${describeError(error)}`, retryable: true };
  }
}

function notDocker(where: string): string {
  return `what answers at ${where} is not a Docker daemon; correct DOCKER_HOST`;
}

// The three calls to the server, each bounded in time. What goes wrong is told apart by whether trying again can help.

import type { DurationMs } from "@midwatch/core";
import type { BatchAnswer, BatchRequest, CommandOutcome, CommandsAnswer } from "@midwatch/protocol";
import { describeError, SupervisorError } from "../failure.ts";
import { httpCall } from "./http-call.ts";

export interface ServerAddress {
  /** Asked anew for each call where it may change. */
  readonly url: string | (() => string);
  readonly key: string;
}

const callMs: DurationMs = 30_000;
const pollMarginMs: DurationMs = 10_000;

export class ServerClient {
  readonly #url: () => string;
  readonly #path: string;
  readonly #key: string;

  constructor({ url, key }: ServerAddress, supervisorId: string) {
    this.#url = typeof url === "string" ? (): string => url : url;
    this.#path = `/api/v1/supervisors/${encodeURIComponent(supervisorId)}`;
    this.#key = key;
  }

  get #base(): string {
    return `${this.#url().replace(/\/+$/, "")}${this.#path}`;
  }

  /** Rejects, as all calls here, with `server_unreachable` (retryable) or `server_refused`. */
  async sendBatch(batch: BatchRequest, signal: AbortSignal): Promise<BatchAnswer> {
    const answer = await this.#call("/batch", { body: batch, limitMs: callMs, signal });
    if (!isBatchAnswer(answer)) throw this.#notOurs();
    return answer;
  }

  async awaitCommands(waitS: number, signal: AbortSignal): Promise<CommandsAnswer> {
    const limitMs = waitS * 1_000 + pollMarginMs;
    const answer = await this.#call(`/commands?wait_s=${waitS}`, { body: null, limitMs, signal });
    if (!isCommandsAnswer(answer)) throw this.#notOurs();
    return answer;
  }

  async tellOutcome(commandId: string, outcome: CommandOutcome, signal: AbortSignal): Promise<void> {
    await this.#call(`/commands/${encodeURIComponent(commandId)}/outcome`, { body: outcome, limitMs: callMs, signal });
  }

  async #call(
    path: string,
    call: { readonly body: unknown; readonly limitMs: DurationMs; readonly signal: AbortSignal },
  ): Promise<unknown> {
    const { body, limitMs, signal } = call;
    const { status, text } = await httpCall(new URL(`${this.#base}${path}`), {
      method: body === null ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === null ? {} : { "content-type": "application/json" }),
      },
      body: body === null ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    }).catch((cause: unknown) => {
      const message = `the server at ${this.#base} cannot be reached: ${describeError(cause)}`;
      throw new SupervisorError("server_unreachable", message, { cause, retryable: true });
    });
    if (status >= 200 && status < 300) return parse(text);
    throw refusalOf(status, text, this.#base);
  }

  #notOurs(): SupervisorError {
    const message = `what answers at ${this.#base} is not a Midwatch server of this version; check the address`;
    return new SupervisorError("server_refused", message);
  }
}

function refusalOf(status: number, text: string, base: string): SupervisorError {
  const said = messageOf(parse(text)) ?? text.slice(0, 200);
  const message = `the server at ${base} answered ${status}${said === "" ? "" : `: ${said.replace(/\.$/, "")}`}`;
  const retryable = status >= 500 || status === 429 || status === 408;
  if (retryable) return new SupervisorError("server_unreachable", message, { retryable });
  return new SupervisorError("server_refused", `${message}. Check the server's address and the key (scope ingest)`);
}

function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    // Some proxy's page: not an answer of the server.
    return null;
  }
}

function messageOf(body: unknown): string | null {
  if (!isObject(body) || !isObject(body["error"])) return null;
  const { message } = body["error"];
  return typeof message === "string" ? message : null;
}

function isBatchAnswer(answer: unknown): answer is BatchAnswer {
  return (
    isObject(answer) &&
    Number.isInteger(answer["upto"]) &&
    Array.isArray(answer["beats"]) &&
    Array.isArray(answer["agents"])
  );
}

function isCommandsAnswer(answer: unknown): answer is CommandsAnswer {
  return isObject(answer) && Array.isArray(answer["commands"]) && Array.isArray(answer["agents"]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

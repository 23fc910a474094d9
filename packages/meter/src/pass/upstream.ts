import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { systemCode } from "../failure.ts";
import type { Provider } from "../providers/providers.ts";

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query after the provider's URL. */
  readonly rest: string;
  /** Flat, without `Host`. */
  readonly headers: readonly string[];
  /** All of the body, or its beginning when `more` follows. */
  readonly body: Buffer | null;
  readonly more: IncomingMessage | null;
  readonly signal: AbortSignal;
}

/** Idle connections to each provider. */
const maxIdle = 256;

/** The way to the providers: HTTP/1.1 over connections that are used again. */
export class Upstream {
  readonly #agents = {
    http: new HttpAgent({ keepAlive: true, maxFreeSockets: maxIdle, scheduling: "lifo" }),
    https: new HttpsAgent({ keepAlive: true, maxFreeSockets: maxIdle, scheduling: "lifo" }),
  };

  /**
   * Resolves when the answer begins. Rejects with the system's error. A provider may close an idle connection just when a request is
   * sent on it; where the whole body is known, the request is then sent once more on another one.
   */
  async send(provider: Provider, given: UpstreamRequest): Promise<IncomingMessage> {
    try {
      return await this.#once(provider, given);
    } catch (error) {
      if (!(error instanceof StaleConnection) || given.more !== null) throw unwrapped(error);
      return this.#once(provider, given).catch((again: unknown) => {
        throw unwrapped(again);
      });
    }
  }

  #once(provider: Provider, given: UpstreamRequest): Promise<IncomingMessage> {
    const url = new URL(provider.url);
    const isTls = url.protocol === "https:";
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
      method: given.method,
      path: `${url.pathname.replace(/\/$/, "")}${given.rest}`,
      headers: ["Host", url.host, ...given.headers],
      signal: given.signal,
    };
    const request = isTls
      ? httpsRequest({ ...options, agent: this.#agents.https })
      : httpRequest({ ...options, agent: this.#agents.http });
    request.on("response", resolve);
    request.on("error", (error) => reject(isStale(request, error) ? new StaleConnection(error) : error));
    if (given.body !== null && given.body.length > 0 && given.more === null) request.end(given.body);
    else this.#stream(request, given);
    return promise;
  }

  #stream(request: ClientRequest, { body, more }: UpstreamRequest): void {
    if (body !== null && body.length > 0) request.write(body);
    if (more === null) {
      request.end();
      return;
    }
    more.pipe(request);
    more.on("close", () => {
      if (!more.complete) request.destroy();
    });
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function unwrapped(error: unknown): unknown {
  return error instanceof StaleConnection ? error.cause : error;
}

function isStale(request: ClientRequest, error: Error): boolean {
  const code = systemCode(error);
  return request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
}

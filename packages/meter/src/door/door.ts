// What happens to a request before it is passed on: who is it for, may it come in, may the agent call now.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Standing } from "@midwatch/protocol";
import { describeError } from "../failure.ts";
import { passCall, type PassWorld } from "../pass/pass-call.ts";
import type { Providers, Shape } from "../providers/providers.ts";
import { refuse } from "../providers/refusal.ts";
import type { Admission } from "./admission.ts";
import type { KeyCheck } from "./key-check.ts";
import { hostRefusal } from "./host-refusal.ts";
import { isLoopbackName } from "@midwatch/protocol";
import { routeOf, type Route } from "./route.ts";

export interface DoorWorld extends PassWorld {
  /** The address that is listened on. */
  readonly host: string;
  readonly providers: Providers;
  readonly admission: Admission;
  readonly keys: KeyCheck;
  readonly maxCalls: number;
  readonly log: (line: string) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class Door {
  readonly #world: DoorWorld;
  #calls = 0;
  #isClosing = false;
  #onIdle: (() => void) | null = null;

  constructor(world: DoorWorld) {
    this.#world = world;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { host, providers, maxCalls } = this.#world;
    // A client that breaks off is heard of by the end of its response.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const foreign = hostRefusal(host, request.headers.host);
    if (foreign !== null) return refuse(response, "openai", "forbidden", foreign);
    const url = request.url ?? "/";
    if (url === "/healthz") return answerHealth(response, this.#calls);
    const routed = routeOf(url, providers);
    if (!routed.ok) return refuse(response, "openai", "unknown", routed.message);
    const { shape } = routed.route.provider;
    if (this.#isClosing) return refuse(response, shape, "overloaded", "The meter is stopping; try again in a moment.");
    if (this.#calls >= maxCalls) {
      const message = `The meter passes ${maxCalls} calls at a time, and as many are under way; try again in a moment.`;
      return refuse(response, shape, "overloaded", message);
    }
    this.#calls += 1;
    void this.#let(routed.route, { request, response })
      .catch((error: unknown) => {
        // Whatever is odd about one call, the others go on.
        this.#world.log(`a call of ${routed.route.agent} was broken off: ${describeError(error)}`);
        response.destroy();
      })
      .finally(() => {
        this.#calls -= 1;
        if (this.#calls === 0) this.#onIdle?.();
      });
  };

  async #let(route: Route, exchange: Exchange): Promise<void> {
    const { host, admission } = this.#world;
    const { response } = exchange;
    const { shape } = route.provider;
    if (!isLoopbackName(host) && !(await this.#isKnown(route, response, shape))) return;
    // Without a promise an unbudgeted agent does not even wait for a turn.
    const found = admission.standingOf(route.agent);
    const standing = found instanceof Promise ? await found : found;
    if (standing.directive === "pause") {
      refuse(response, shape, "paused", wordsOf(route.agent, standing));
      return;
    }
    await passCall(this.#world, route, exchange);
  }

  async #isKnown({ key, agent }: Route, response: ServerResponse, shape: Shape): Promise<boolean> {
    if (key === null) {
      const message =
        "This meter can be reached from other machines, so a key is required in the path: /meter/mw_…/AGENT/PROVIDER/…; `midwatch key create --scope ingest` makes one.";
      refuse(response, shape, "forbidden", message);
      return false;
    }
    const verdict = await this.#world.keys.verdictOn(key, agent);
    if (verdict === "wrong") {
      refuse(response, shape, "forbidden", `The key in the path is not known, or may not speak for ${agent}.`);
    } else if (verdict === "unsure") {
      const message =
        "The server cannot be asked about the key in the path, and it was not seen here before; try again in a moment.";
      refuse(response, shape, "overloaded", message);
    }
    return verdict === "known";
  }

  /** Lets nobody in any more; resolves when the last call is over. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#calls === 0) return;
    await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }
}

/** For the person who reads the error of the client: which agent, why, until when, and what to do. */
function wordsOf(agent: string, { reason, until }: Standing): string {
  const why = reason === null ? "" : `: ${reason.replace(/\.$/, "")}`;
  const how =
    until === null
      ? `A person has to let it go on: midwatch resume ${agent}.`
      : `It may call again from ${until}, or earlier after: midwatch resume ${agent}.`;
  return `Midwatch has paused the agent ${agent}${why}. ${how} This call was not sent to the provider.`;
}

function answerHealth(response: ServerResponse, calls: number): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ ok: true, calls }));
}

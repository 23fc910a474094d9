import type { DurationMs } from "@midwatch/core";
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Static, TSchema } from "typebox";
import type { Scope } from "../keys/key.ts";
import type { Caller } from "../keys/key-ring.ts";
import type { Log } from "../log.ts";
import type { Reporter } from "../report/index.ts";
import type { Watch } from "../watch.ts";
import type { HostGuard } from "./guard-host.ts";

/** What routes work with. Built once in server.ts; routes build nothing themselves. */
export interface ApiContext extends Watch {
  readonly reporter: Reporter;
  readonly log: Log;
  readonly guard: HostGuard;
  readonly version: string;
  readonly overloadedAfterMs: DurationMs | null | undefined;
  /** The built dashboard, or null when there is none. */
  readonly dashboardDir: string | null;
}

/** Lets one typebox schema give the validation, the types and the OpenAPI of a route. */
export interface TypeboxProvider extends FastifyTypeProvider {
  readonly validator: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
  readonly serializer: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeboxProvider
>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call; a route without it is open to everybody. */
    readonly scope?: Scope;
    /** Answers even when the server is overloaded. */
    readonly alwaysAnswered?: boolean;
  }
  interface FastifyRequest {
    /** Set where the route names a scope. */
    caller: Caller | null;
  }
}

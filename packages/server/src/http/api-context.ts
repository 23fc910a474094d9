import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Store } from "@midwatch/store";
import type { Static, TSchema } from "typebox";
import type { Clock } from "../clock.ts";
import type { BeatEndpoint } from "../ingest/beat-endpoint.ts";
import type { KeyCheck } from "../keys/authenticate.ts";
import type { Scope } from "../keys/key.ts";
import type { Caller } from "../keys/key-ring.ts";
import type { Sessions } from "../keys/sessions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { Metrics } from "../metrics.ts";
import type { PriceOf } from "../pricing.ts";
import type { Reporter } from "../report/index.ts";
import type { SettingsOf } from "../settings.ts";
import type { Supervisors } from "../sweeper/supervisors.ts";
import type { AgentPresenter } from "../views/agent-presenter.ts";
import type { CommandBell } from "./command-bell.ts";

/** What routes work with. Built once in server.ts; routes build nothing themselves. */
export interface ApiContext {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly settingsOf: SettingsOf;
  readonly presenter: AgentPresenter;
  readonly hub: LiveHub;
  readonly reporter: Reporter;
  readonly check: KeyCheck;
  readonly sessions: Sessions;
  readonly beats: BeatEndpoint;
  readonly priceOf: PriceOf;
  readonly supervisors: Supervisors;
  readonly bell: CommandBell;
  readonly metrics: Metrics;
  readonly timeZone: string;
  readonly strict: boolean;
  readonly version: string;
  /** Why the server cannot do its work now, or null. */
  readonly trouble: () => string | null;
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
  }
  interface FastifyRequest {
    /** Set where the route names a scope. */
    caller: Caller | null;
  }
}

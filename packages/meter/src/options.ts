import type { ServerAddress } from "./link/http-call.ts";
import type { ProviderSettings } from "./providers/providers.ts";

export interface MeterOptions {
  /** The meter's own folder, absolute: its id, its spool, the last word on who may call. Made when it is missing. */
  readonly folder: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where calls are told; asked anew for each call where the URL may change. The key needs the scope `ingest`. */
  readonly server: ServerAddress;
  /** Beside the built-in ones; may also move those to another URL. */
  readonly providers?: Readonly<Record<string, ProviderSettings>>;
  /** Calls under way at one time; more are refused with 503. Default 2,000. */
  readonly maxCalls?: number;
  /** Hears one line for each thing worth knowing, without a line end. */
  readonly log: (line: string) => void;
  /** Called once a second from the main loop. */
  readonly onTurn?: () => void;
}

export interface RunningMeter {
  /** Where this machine reaches it: `http://127.0.0.1:4005`. */
  readonly url: string;
  readonly port: number;
  /** Stays the same as long as its folder does. */
  readonly id: string;
  /** Takes nothing new, lets calls under way finish for up to 30 s, and tells the server what it can. */
  stop(): Promise<void>;
}

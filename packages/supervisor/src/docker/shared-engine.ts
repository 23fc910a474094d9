// The agents of one supervisor that run in containers mostly run at one daemon: they share its client and its stream of events.

import type { EngineAddress } from "./engine-address.ts";
import { EngineClient } from "./engine-client.ts";
import { EventStream } from "./event-stream.ts";

export interface Engine {
  readonly client: EngineClient;
  readonly events: EventStream;
}

const engines = new Map<string, { readonly engine: Engine; users: number }>();

/** The daemon at that address, for as long as anybody here uses it. `release` is to be called once. */
export function shareEngine(address: EngineAddress): { readonly engine: Engine; readonly release: () => void } {
  const key = JSON.stringify(address);
  let shared = engines.get(key);
  if (shared === undefined) {
    const client = new EngineClient(address);
    shared = { engine: { client, events: new EventStream(client) }, users: 0 };
    engines.set(key, shared);
  }
  shared.users += 1;
  const release = (): void => {
    shared.users -= 1;
    if (shared.users === 0) engines.delete(key);
  };
  return { engine: shared.engine, release };
}

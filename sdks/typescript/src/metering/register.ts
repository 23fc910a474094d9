// `node --import @midwatch/sdk/meter agent.mjs`: meters the global fetch. It never beats: what it has counted goes out with the
// agent's own beats, and a program without beats is told at its end that nobody heard of what it used.

import { toolOf } from "../fields.ts";
import { Grumbler, realWorld } from "../world.ts";
import { meteredFetch } from "./metered-fetch.ts";
import { offerUnclaimed, unclaimed, type Unclaimed } from "./unclaimed.ts";

// Named twice, or by two copies of this package, it still meters once.
if (unclaimed() === null && typeof globalThis.fetch === "function") meterGlobalFetch(offerUnclaimed());

function meterGlobalFetch(pool: Unclaimed): void {
  const grumbler = new Grumbler(realWorld);
  const onExit = (): void => sayUnheard(pool);
  const fetch = meteredFetch({
    fetch: globalThis.fetch,
    onlyKnown: true,
    meter: {
      call: (row, tools) => {
        pool.add(
          row,
          tools.map(({ name, args }) => toolOf(name, args)),
        );
        // Always the last to run at the end: before it the last words of a loop take along what there is.
        process.off("exit", onExit);
        process.on("exit", onExit);
      },
      unknown: (kind, why) => grumbler.once(kind, why),
    },
  });
  Object.defineProperty(globalThis, "fetch", { value: fetch, writable: true, enumerable: true, configurable: true });
}

function sayUnheard(pool: Unclaimed): void {
  if (pool.isEmpty) return;
  const { calls, tokens } = pool.take();
  realWorld.log(
    `${calls} metered ${calls === 1 ? "call" : "calls"} with ${tokens} tokens went into no beat: this program did not beat after them. ` +
      "Beat from its loop, or set its base URL to the metering proxy, which needs no beats",
  );
}

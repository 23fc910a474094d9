import { describe, test } from "node:test";
import { agentClaims } from "./contract/agents.ts";
import { beatClaims, hourClaims } from "./contract/beats.ts";
import type { Claims, Place } from "./contract/claims.ts";
import { evidenceClaims } from "./contract/evidence.ts";
import { foldClaims } from "./contract/fold.ts";
import { historyClaims, incidentClaims } from "./contract/history.ts";
import { deskClaims } from "./contract/desk.ts";
import { outboxClaims } from "./contract/outbox.ts";
import { outboxOrderClaims } from "./contract/outbox-order.ts";
import { pruneClaims } from "./contract/prune.ts";
import { refusalClaims } from "./contract/refusals.ts";
import { telemetryClaims } from "./contract/telemetry.ts";
import { callClaims } from "./contract/calls.ts";
import { commandClaims, factClaims, keyClaims, linkClaims } from "./contract/watcher.ts";

export type { Place } from "./contract/claims.ts";

const contract: Readonly<Record<string, Claims>> = {
  fold: foldClaims,
  agents: agentClaims,
  beats: beatClaims,
  hours: hourClaims,
  history: historyClaims,
  incidents: incidentClaims,
  evidence: evidenceClaims,
  outbox: outboxClaims,
  "order of the outbox": outboxOrderClaims,
  desk: deskClaims,
  commands: commandClaims,
  keys: keyClaims,
  facts: factClaims,
  links: linkClaims,
  calls: callClaims,
  telemetry: telemetryClaims,
  prune: pruneClaims,
  refusals: refusalClaims,
};

/** What every engine promises, as tests. `newPlace` makes an empty database for each of them. */
export function storeContract(engine: string, newPlace: () => Promise<Place>): void {
  for (const [part, claims] of Object.entries(contract)) {
    describe(`${engine}, ${part}`, () => {
      for (const [claim, prove] of Object.entries(claims)) {
        test(claim, async () => {
          const place = await newPlace();
          const store = await place.open();
          try {
            await prove(store, place);
          } finally {
            await store.close();
            await place.remove();
          }
        });
      }
    });
  }
}

// `npm run bench -- batch`: beats a second in bodies of 10,000, as a supervisor delivers its spool, beside a bare echo of
// the same bodies.

import { measureInTurns, printRounds, profileArgs, rateOf } from "./ack.ts";
import { Child } from "./child.ts";
import { spellCount, type Bench } from "./finding.ts";

const beatsPerRequest = 10_000;
const aimPerSecond = 100_000;

/** `--cpu-prof=DIR` writes a profile of the server there. */
export const run: Bench = async (args) => {
  await using midwatch = new Child("./serve-midwatch.ts", profileArgs(args));
  await using echo = new Child("./serve-echo.ts");
  await using load = new Child("./load.ts");
  const order = { connections: 2, agents: 1_000, beatsPerRequest, forMs: 3_000 } as const;
  const measured = await measureInTurns({ midwatch, echo, load }, order);
  printRounds("Bodies of 10,000 beats, 2 connections", "beats", beatsPerRequest, measured);
  const rate = rateOf(measured.midwatch) * beatsPerRequest;
  return [
    {
      what: "durable beats in batches",
      measured: `${spellCount(rate)} beats/s`,
      aim: "at least 100,000 beats/s",
      met: rate >= aimPerSecond,
    },
  ];
};

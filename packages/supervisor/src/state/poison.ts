// State that passes every check and still kills. An agent that dies twice in a row in the same way, with exactly the same state
// both times and without having been well in between, will die a third time. It is then given other state, once. If that does
// not help either, the state was not to blame and a person is asked.
//
// | this death | the state it left | fallen back before | judged |
// |---|---|---|---|
// | the first, or not like the last one | any | no | go on |
// | like the last one | another than the last one left | no | go on |
// | like the last one | the same, and it was started from that | no | fall back |
// | like the one that led to the fallback | any | yes | stop |
// | any other, twice with the same state | the same | yes | stop |

import type { GateMemory } from "./memory.ts";
import { isNothing, isSame, type Snapshot } from "./snapshot.ts";

export type Judgement = "go-on" | "fall-back" | "stop";

export interface JudgedDeath {
  readonly runId: string;
  /** Null: it says itself that the state is not to blame. */
  readonly fingerprint: string | null;
}

/** Asked again about the same death, it answers the same; but what has been carried out is not done twice. */
export function judge(memory: GateMemory, death: JudgedDeath, now: Snapshot): Judgement {
  const { death: last, fallback, admitted } = memory;
  if (last?.runId === death.runId) {
    const isOwed = last.judged === "fall-back" && fallback !== null && isSame(fallback.avoid, now);
    return last.judged === "fall-back" && !isOwed ? "go-on" : last.judged;
  }
  if (death.fingerprint === null) return "go-on";
  if (fallback?.fingerprint === death.fingerprint) return "stop";
  const repeats =
    last?.fingerprint === death.fingerprint &&
    last.left !== null &&
    admitted !== null &&
    isSame(last.left, admitted) &&
    isSame(admitted, now) &&
    !isNothing(now);
  if (!repeats) return "go-on";
  return fallback === null ? "fall-back" : "stop";
}

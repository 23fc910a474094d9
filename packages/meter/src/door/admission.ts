// Whether an agent's call may pass now. Of an agent with a budget a call waits until everything that ended before it is counted by the
// server, so that agents who call at the same time overshoot a budget by no more than the calls that are under way. An agent without a
// budget never waits, and a server that does not answer is waited for once, for two seconds.

import type { Standing } from "@midwatch/protocol";
import type { Link } from "../link/link.ts";
import type { Spool } from "../spool/spool.ts";
import type { StandingBoard } from "../standings/standings.ts";

const patienceMs = 2_000;

export class Admission {
  readonly #board: StandingBoard;
  readonly #spool: Spool;
  readonly #link: Link;
  /** Calls whose answers have ended and are not in the spool yet, because their copy is still being read. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(given: { readonly board: StandingBoard; readonly spool: Spool; readonly link: Link }) {
    this.#board = given.board;
    this.#spool = given.spool;
    this.#link = given.link;
  }

  /** The agent's standing after what came before is counted. At once for an agent without a budget. */
  standingOf(agent: string): Standing | Promise<Standing> {
    const standing = this.#board.of(agent, Date.now());
    const hasToWait =
      standing.directive !== "pause" && standing.budgeted && !this.#link.isAway && !this.#isEverythingCounted();
    return hasToWait ? this.#counted().then(() => this.#board.of(agent, Date.now())) : standing;
  }

  /** Says that a call is being brought to its end. */
  ending(end: Promise<unknown>): void {
    this.#ending.add(end);
    void end.finally(() => this.#ending.delete(end));
  }

  #isEverythingCounted(): boolean {
    return this.#ending.size === 0 && this.#spool.acknowledged >= this.#spool.last;
  }

  async #counted(): Promise<void> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patienceMs);
    const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<undefined>();
    late.signal.addEventListener("abort", () => giveUp(undefined));
    await Promise.race([Promise.all(this.#ending), gaveUp]);
    await this.#acknowledged(this.#spool.last, { late: late.signal, gaveUp });
    if (late.signal.aborted) this.#link.countAsAway();
    clearTimeout(timer);
  }

  async #acknowledged(
    upto: number,
    { late, gaveUp }: { readonly late: AbortSignal; readonly gaveUp: Promise<undefined> },
  ): Promise<void> {
    while (!late.aborted && this.#spool.acknowledged < upto) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const cancel = this.#spool.onceChanged(() => resolve(undefined));
      await Promise.race([promise, gaveUp]);
      cancel();
    }
  }
}

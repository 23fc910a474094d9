/**
 * Beats wait here in order and are delivered one at a time, in the background.
 *
 * One rule carries everything: a beat that was ever sent may have been counted, even if no answer came. It stays at the head, as the
 * same bytes with the same `seq`, until the server has answered it; the server counts it once. Behind it wait beats that were never
 * sent. Those may be folded together when the queue is full, so a long outage costs detail and never a token.
 *
 * A full queue folds neighbours in pairs, all along. Folding everything into one beat would be simpler, and would look like one
 * enormous cycle to the loop detector: a false alarm as a thank-you for an outage.
 */

import { foldBeats, plainBeat, type BeatBody } from "./beat-body.ts";
import { preview } from "./fields.ts";
import { carriers, watchForTheEnd, type Carrier } from "./last-words.ts";
import { post, type PostResult, type Target } from "./post.ts";
import { within, type Grumbler, type World } from "./world.ts";

export interface Answer {
  readonly directive: "continue" | "pause" | "stop";
  readonly reason: string | null;
  readonly warning: "loop_detected" | "cost_exceeded" | null;
}

interface DeliveryOptions {
  readonly target: Target;
  readonly world: World;
  readonly grumbler: Grumbler;
  /** Most beats that wait; at least 4. */
  readonly queueLimit: number;
  readonly onAnswer: (answer: Answer, beat: BeatBody) => void;
  /** The server will never take this beat, not even a plain one; its tokens were not counted. */
  readonly onRefused: (beat: BeatBody) => void;
}

/** A beat on its way. */
export class Parcel {
  beat: BeatBody;
  /** The bytes, from the first try on. */
  sent: string | null = null;
  /** The server has kept it, or never will. */
  settled = false;
  /** The first try has come to something, whatever it is. */
  readonly whenTried: Promise<void>;
  tried: () => void = () => undefined;

  constructor(beat: BeatBody) {
    this.beat = beat;
    this.whenTried = new Promise((resolve) => {
      this.tried = resolve;
    });
  }

  /** The bytes of every try. */
  seal(): string {
    return (this.sent ??= JSON.stringify(this.beat));
  }

  settle(): void {
    this.settled = true;
    this.tried();
  }
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
/** No server may silence an agent for longer than this. */
const LONGEST_RETRY_AFTER_MS = 300_000;

export class Delivery implements Carrier {
  readonly #options: DeliveryOptions;
  #queue: Parcel[] = [];
  #pumping = false;
  #failures = 0;
  /** The server did not answer lately, so the loop does not wait for it. */
  #struggling = false;
  #nap = new AbortController();
  #whenIdle: Promise<void> = Promise.resolve();
  #idle: () => void = () => undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Takes a beat; costs the loop next to nothing, because sending starts when the loop next waits. */
  push(beat: BeatBody): Parcel {
    watchForTheEnd();
    const parcel = new Parcel(beat);
    this.#queue.push(parcel);
    if (this.#queue.length > this.#options.queueLimit) this.#compact();
    if (!this.#pumping) {
      this.#pumping = true;
      carriers.add(this);
      this.#whenIdle = new Promise((resolve) => {
        this.#idle = resolve;
      });
      // In the round after the next: a loop that only gives way once is back in its body before anything is sent.
      setImmediate(() => setImmediate(() => void this.#pump()));
    }
    return parcel;
  }

  leftovers(): ReturnType<Carrier["leftovers"]> {
    return { target: this.#options.target, bodies: this.#queue.map((parcel) => parcel.seal()) };
  }

  /**
   * Gives way to other work, then waits for the answer to a beat, at most `ms`. While the server is in trouble it only gives
   * way: a hung server costs the loop this wait once, not once per cycle.
   */
  async answered(parcel: Parcel, ms: number): Promise<void> {
    await new Promise(setImmediate);
    if (parcel.settled || this.#struggling || ms < 1) return;
    if (!(await within(parcel.whenTried, ms))) this.#struggling = true;
  }

  /** Tries at once and waits at most `ms` until nothing waits any more; true when everything was delivered. */
  async flush(ms: number): Promise<boolean> {
    if (!this.#pumping) return true;
    this.#nap.abort();
    return within(this.#whenIdle, ms);
  }

  async #pump(): Promise<void> {
    for (let parcel = this.#queue[0]; parcel !== undefined; parcel = this.#queue[0]) {
      const retryMs = this.#judge(parcel, await this.#try(parcel));
      if (retryMs === 0) continue;
      parcel.tried();
      await this.#rest(retryMs);
    }
    this.#pumping = false;
    carriers.delete(this);
    this.#idle();
  }

  async #try(parcel: Parcel): Promise<PostResult> {
    try {
      return await post(this.#options.target, parcel.seal());
    } catch (error) {
      // Nothing is known to come here; if something does, it is the monitoring's trouble and not the agent's.
      return { kind: "failed", code: preview(error), staleSocket: false };
    }
  }

  /** What an outcome means for a parcel; returns how long to wait before going on, 0 for at once. */
  #judge(parcel: Parcel, result: PostResult): number {
    if (result.kind === "failed") return this.#retry(result.staleSocket, `could not be reached (${result.code})`, 0);
    const answer = result.status === 200 ? answerOf(result.body) : null;
    if (answer !== null) {
      this.#options.grumbler.over("unreachable", "the server answers again; what waited is being delivered");
      this.#done(parcel);
      this.#options.onAnswer(answer, parcel.beat);
      return 0;
    }
    const said = `answered ${result.status}${errorText(result.body)}`;
    if (result.status === 400 || result.status === 413 || result.status === 422) {
      this.#options.grumbler.once(`refused ${result.status}`, `the server refuses a beat: it ${said}`);
      return this.#refused(parcel);
    }
    return this.#retry(false, said, result.retryAfterMs ?? 0);
  }

  /** Without what was wrong in it, its tokens still count; failing that, they go into the next beat. */
  #refused(parcel: Parcel): number {
    const plain = plainBeat(parcel.beat);
    if (parcel.sent === JSON.stringify(plain)) {
      this.#done(parcel);
      this.#options.onRefused(plain);
    } else {
      parcel.beat = plain;
      parcel.sent = null;
    }
    return 0;
  }

  #done(parcel: Parcel): void {
    this.#failures = 0;
    this.#struggling = false;
    this.#queue.shift();
    parcel.settle();
  }

  #retry(staleSocket: boolean, trouble: string, retryAfterMs: number): number {
    // The server closed an idle connection just as it was used again; that says nothing about its health.
    if (staleSocket && this.#failures++ === 0) return 0;
    this.#struggling = true;
    this.#failures += staleSocket ? 0 : 1;
    const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, this.#failures - 1));
    this.#options.grumbler.once("unreachable", `the server ${trouble}; beats are kept and tried again`);
    // Spread, so that a fleet does not come back as one wave after an outage.
    const spread = growing * (0.5 + Math.random() / 2);
    return Math.max(spread, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
  }

  async #rest(ms: number): Promise<void> {
    this.#nap = new AbortController();
    await this.#options.world.sleep(ms, { signal: this.#nap.signal, holdsProcess: false });
  }

  /** Halves the queue by folding neighbours that were never sent. */
  #compact(): void {
    const kept: Parcel[] = [];
    for (let i = 0; i < this.#queue.length; i++) {
      const [older, newer] = [this.#queue[i], this.#queue[i + 1]];
      if (older === undefined) break;
      if (older.sent === null && newer?.sent === null) {
        newer.beat = foldBeats(older.beat, newer.beat);
        older.settle();
        kept.push(newer);
        i++;
      } else kept.push(older);
    }
    this.#queue = kept;
    this.#options.grumbler.once(
      "full",
      "many beats wait for the server; older ones are folded together, no token is lost",
    );
  }
}

function answerOf(body: unknown): Answer | null {
  if (typeof body !== "object" || body === null) return null;
  const { ok, directive, reason, warning } = body as Record<string, unknown>;
  if (ok !== true) return null;
  return {
    directive: directive === "pause" || directive === "stop" ? directive : "continue",
    reason: typeof reason === "string" ? reason : null,
    warning: warning === "loop_detected" || warning === "cost_exceeded" ? warning : null,
  };
}

/** The server's own words, if they are ours: `: tokens_used must not be negative`. */
function errorText(body: unknown): string {
  const error: unknown = typeof body === "object" && body !== null && "error" in body ? body.error : null;
  if (typeof error !== "object" || error === null || !("message" in error)) return "";
  return typeof error.message === "string" ? `: ${error.message.slice(0, 300)}` : "";
}

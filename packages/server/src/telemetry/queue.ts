import { ApiError } from "../errors.ts";

/** Requests that may wait. An exporter sends one at a time, so this is about as many processes. */
const maxWaiting = 256;
/** Bytes of bodies that may wait, as they came. */
const maxWaitingBytes = 64 * 1024 * 1024;

/**
 * Does one thing after the other, in the order in which they came: where a metric stood must be written before its next point is
 * looked at. Only the one whose turn it is has its body unpacked.
 */
export class TelemetryQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #bytes = 0;

  /** Throws a 503 when there is no room. */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= maxWaiting || this.#bytes + bytes > maxWaitingBytes) throw overloaded();
    this.#waiting += 1;
    this.#bytes += bytes;
    const done = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
      this.#bytes -= bytes;
    });
    // Whoever asked hears of a failure; the next one does its work all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#waiting > 0) await this.#last;
  }
}

function overloaded(): ApiError {
  const message = "more telemetry is waiting than can be stored; send this again";
  return new ApiError(503, "overloaded", message, { retryAfterS: 2 });
}

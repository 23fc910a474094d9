/**
 * SIGTERM and SIGINT while a loop runs.
 *
 * | when | what happens |
 * |---|---|
 * | first signal | every running loop announces its shutdown and ends after its turn; other handlers run as ever |
 * | second signal, nobody else handles it | `stopped` is said, and the signal does what it would have done without us |
 * | no loop runs | nothing is installed, so nothing changes |
 *
 * Handlers are added before those of the program, which may exit at once, and removed with the last loop; none is ever replaced.
 */

import { isMainThread } from "node:worker_threads";
import { deliverLeftovers } from "./last-words.ts";

export interface Listener {
  /** The first signal. */
  announce(reason: string): unknown;
  /** The signal that ends the process now. */
  stop(reason: string): unknown;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
const PATIENCE_MS = 250;
const listeners = new Set<Listener>();
let received = false;

/** Tells `listener` of signals; returns how to stop listening. Does nothing in worker threads, which get no signals. */
export function listenForShutdown(listener: Listener): () => void {
  if (!isMainThread) return () => undefined;
  if (listeners.size === 0) {
    received = false;
    for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) uninstall();
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (!received) {
    received = true;
    for (const listener of listeners) listener.announce(signal);
    return;
  }
  if (process.listenerCount(signal) > 1) return;
  for (const listener of listeners) listener.stop(signal);
  deliverLeftovers(PATIENCE_MS);
  uninstall();
  process.kill(process.pid, signal);
}

function uninstall(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

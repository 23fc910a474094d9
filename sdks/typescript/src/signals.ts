/**
 * SIGTERM and SIGINT while a loop runs.
 *
 * | when | what happens |
 * |---|---|
 * | first signal | every running loop announces its shutdown and ends after its turn; other handlers run as ever |
 * | second signal, nobody else handles it | what it would have done without us: the process ends |
 * | no loop runs | nothing is installed, so nothing changes |
 *
 * Handlers are added beside those of the program and removed with the last loop; none is ever replaced.
 */

import { isMainThread } from "node:worker_threads";

type Listener = (signal: NodeJS.Signals) => void;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
const loops = new Set<Listener>();
let received = false;

/** Calls `listener` at the first signal; returns how to stop listening. Does nothing in worker threads, which get no signals. */
export function listenForShutdown(listener: Listener): () => void {
  if (!isMainThread) return () => undefined;
  if (loops.size === 0) {
    received = false;
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  loops.add(listener);
  return () => {
    loops.delete(listener);
    if (loops.size === 0) uninstall();
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (!received) {
    received = true;
    for (const listener of loops) listener(signal);
    return;
  }
  if (process.listenerCount(signal) > 1) return;
  uninstall();
  process.kill(process.pid, signal);
}

function uninstall(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

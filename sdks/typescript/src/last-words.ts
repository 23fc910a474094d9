/**
 * The end of the process, whichever way it comes: out of work, `process.exit`, an uncaught exception.
 *
 * At that moment nothing asynchronous happens any more. So what was not delivered is handed to a worker thread, and this one
 * stands still until it is done, 2 s at most, and not at all when there is nothing to deliver. A server that refuses connections ends
 * it at once. What the worker repeats of beats already on their way is harmless: they have the same `seq`.
 */

import { Worker } from "node:worker_threads";
import { headersOf, type Target } from "./post.ts";

/** Has something to say if the process ends now. */
export interface Mourner {
  /** `error` is what was thrown and caught by nobody, null when there is none. */
  sayLastWords(error: unknown): void;
}

/** Holds what was said and not yet delivered. */
export interface Carrier {
  leftovers(): { readonly target: Target; readonly bodies: readonly string[] };
}

export const mourners = new Set<Mourner>();
export const carriers = new Set<Carrier>();

const PATIENCE_MS = 2_000;

let uncaught: unknown = null;
let watching = false;

/** From the first beat on; before it there is nothing to say. */
export function watchForTheEnd(): void {
  if (watching) return;
  watching = true;
  // Only looks: whether the process survives is decided by others.
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    uncaught = error;
  });
  process.on("exit", (status) => {
    for (const mourner of mourners) mourner.sayLastWords(status === 0 ? null : uncaught);
    deliverLeftovers(PATIENCE_MS);
  });
}

/** Delivers what waits, while this thread stands still for at most `limitMs`. */
export function deliverLeftovers(limitMs: number): void {
  const mails = [...carriers].map((carrier) => {
    const { target, bodies } = carrier.leftovers();
    return { url: target.url.href, headers: headersOf(target), bodies };
  });
  if (mails.length === 0) return;
  const done = new Int32Array(new SharedArrayBuffer(4));
  try {
    new Worker(POSTMAN, { eval: true, workerData: { mails, done }, execArgv: [], stdout: true, stderr: true });
    Atomics.wait(done, 0, 0, limitMs);
  } catch {
    // No memory or no permission for a thread: the process ends without its last words.
  }
}

/** A text and not a file, so that it also works in an agent that was bundled into one file. */
const POSTMAN = `
const { workerData: { mails, done } } = require("node:worker_threads");
const clients = { "http:": require("node:http"), "https:": require("node:https") };

const deliver = ({ url, headers }, body) => new Promise((resolve) => {
  const client = clients[new URL(url).protocol];
  const length = { "content-length": Buffer.byteLength(body) };
  const request = client.request(url, { method: "POST", headers: { ...headers, ...length } }, (response) => {
    response.on("end", () => resolve(response.statusCode < 500));
    response.on("error", () => resolve(false));
    response.resume();
  });
  request.on("error", () => resolve(false));
  request.end(body);
});

const round = async (mail) => {
  for (const body of mail.bodies) if (!(await deliver(mail, body))) return;
};

Promise.allSettled(mails.map(round)).then(() => {
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
});
`;

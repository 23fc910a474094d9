import { describeError } from "../failure.ts";

export type Taken<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** Asks for something, but waits no longer than this for it. Never rejects; what comes too late is dropped. */
export async function within<T>(ms: number, ask: () => Promise<T>): Promise<Taken<T>> {
  const { promise, resolve } = Promise.withResolvers<Taken<T>>();
  const timer = setTimeout(
    () => resolve({ ok: false, why: `it did not come within ${Math.max(0, Math.round(ms))} ms` }),
    Math.max(0, ms),
  );
  // An own async frame also turns a synchronous throw of `ask` into an outcome.
  const asking = (async () => ask())();
  asking.then(
    (value) => resolve({ ok: true, value }),
    (error: unknown) => resolve({ ok: false, why: describeError(error) }),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

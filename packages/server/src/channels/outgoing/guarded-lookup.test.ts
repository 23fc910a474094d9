import assert from "node:assert/strict";
import type { LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import test from "node:test";
import { PrivateAddressError, allowedOnly } from "./guarded-lookup.ts";

const mixed: LookupFunction = (_name, _options, done) =>
  done(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "2606:4700::1111", family: 6 },
    { address: "8.8.8.8", family: 4 },
  ]);

/** What the resolver answers, as the arguments of its callback. */
function resolved(lookup: LookupFunction, options: LookupOptions): Promise<readonly unknown[]> {
  return new Promise((resolve) =>
    allowedOnly(lookup, false)("hook.example.org", options, (...answer) => resolve(answer)),
  );
}

test("of a name with public and private addresses only the public ones are left", async () => {
  const [error, found] = await resolved(mixed, { all: true });
  assert.equal(error, null);
  assert.deepEqual(found, [
    { address: "2606:4700::1111", family: 6 },
    { address: "8.8.8.8", family: 4 },
  ]);
});

test("who asks for one address gets the first public one", async () => {
  assert.deepEqual(await resolved(mixed, {}), [null, "2606:4700::1111", 6]);
});

test("a name with private addresses only is refused", async () => {
  const [error] = await resolved((_name, _options, done) => done(null, "10.0.0.7", 4), { all: true });
  assert.ok(error instanceof PrivateAddressError);
});

import type { IncomingMessage } from "node:http";
import { ApiError } from "../errors.ts";
import type { FailedTries } from "./failed-tries.ts";
import type { Scope } from "./key.ts";
import { keyOf, mayDo, maySpeakFor, type Caller, type KeyRing } from "./key-ring.ts";

export interface KeyCheck {
  readonly keys: KeyRing;
  readonly tries: FailedTries;
}

/**
 * Who sends this request, by its key. Answers at once for a key in memory, which is every beat but the first; a promise
 * means that the store is asked. A wrong key is an `ApiError`, never a throw.
 */
export function callerByKey(request: IncomingMessage, check: KeyCheck): Caller | ApiError | Promise<Caller | ApiError> {
  const key = keyOf(request.headers);
  if (key === null) {
    const message =
      "a key is required: send `Authorization: Bearer mw_…` or `X-API-Key: mw_…`; `midwatch key create` makes one";
    return new ApiError(401, "key_required", message);
  }
  return check.keys.find(key) ?? findSlowly(key, request, check);
}

async function findSlowly(key: string, request: IncomingMessage, check: KeyCheck): Promise<Caller | ApiError> {
  const caller = await check.keys.findAfterReread(key);
  if (caller) return caller;
  const address = request.socket.remoteAddress ?? "";
  const waitS = check.tries.waitS(address);
  if (waitS > 0) {
    return new ApiError(429, "too_many_tries", `too many wrong keys from ${address}; wait ${waitS} s`, {
      retryAfterS: waitS,
    });
  }
  check.tries.note(address);
  return new ApiError(
    401,
    "wrong_key",
    "this key is not known here, or was revoked; `midwatch key create` makes a new one",
  );
}

/** The refusal of a caller whose key has not the needed scope, or null. */
export function scopeRefusal(caller: Caller, needed: Scope): ApiError | null {
  if (mayDo(caller, needed)) return null;
  const enough = needed === "admin" ? "admin" : `${needed} or admin`;
  return new ApiError(
    403,
    "wrong_scope",
    `this key may ${caller.scope}; this request needs a key with scope ${enough}`,
  );
}

export function agentRefusal(caller: Caller, agent: string): ApiError | null {
  if (maySpeakFor(caller, agent)) return null;
  return new ApiError(403, "wrong_agent", `this key speaks only for ${caller.agentGlob ?? ""}, not for ${agent}`);
}

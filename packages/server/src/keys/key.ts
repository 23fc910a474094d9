import { hash, randomBytes } from "node:crypto";
import type { KeyRow, Store } from "@midwatch/store";

export type Scope = KeyRow["scope"];

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A new key: `mw_` and 32 characters of 6 random bits each. */
function generateKey(): string {
  let key = "mw_";
  for (const byte of randomBytes(32)) key += alphabet.charAt(byte & 63);
  return key;
}

/** Keys are random and long, so a plain SHA-256 is enough: there is nothing to guess faster. */
export function hashKey(key: string): string {
  return hash("sha256", key, "hex");
}

export interface KeyRequest {
  readonly scope: Scope;
  /** Glob of agent names; null is all. */
  readonly agentGlob: string | null;
  readonly label: string;
  readonly at: number;
}

/** Makes and stores a key. The key in the answer is shown once; only its hash is kept. */
export async function createKey(
  store: Store,
  request: KeyRequest,
): Promise<{ readonly key: string; readonly row: KeyRow }> {
  const key = generateKey();
  const row = await store.addKey({
    hash: hashKey(key),
    prefix: key.slice(0, 8),
    scope: request.scope,
    agentGlob: request.agentGlob,
    label: request.label,
    createdAt: request.at,
  });
  return { key, row };
}

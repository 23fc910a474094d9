import { createKey, hashKey } from "@midwatch/server/keys";
import type { Store } from "@midwatch/store";
import { localKey, saveLocalKey, type LocalKey } from "./data-folder.ts";

const localKeys: readonly LocalKey[] = ["admin", "ingest"];

/** Sees to it that the data folder holds a valid key of each kind for this machine's own use. */
export async function ensureLocalKeys(store: Store, dataDir: string): Promise<void> {
  const known = new Set((await store.keys()).filter(({ revokedAt }) => revokedAt === null).map(({ hash }) => hash));
  for (const scope of localKeys) {
    const kept = localKey(dataDir, scope);
    if (kept !== null && known.has(hashKey(kept))) continue;
    const { key } = await createKey(store, { scope, agentGlob: null, label: "this machine", at: Date.now() });
    saveLocalKey(dataDir, scope, key);
  }
}

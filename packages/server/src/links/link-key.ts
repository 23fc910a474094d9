import { randomBytes } from "node:crypto";
import type { Store } from "@midwatch/store";

/** Under this name among the store's facts. Without it every link that was ever sent is worth nothing. */
const factKey = "link-key";

/** What links are signed with: made once, and the same for all servers on one store. */
export async function linkKey(store: Pick<Store, "fact" | "claimFact">): Promise<Buffer> {
  const known = await store.fact(factKey);
  if (known !== null) return Buffer.from(known, "base64url");
  await store.claimFact(factKey, randomBytes(32).toString("base64url"));
  // Another server may have been faster.
  return linkKey(store);
}

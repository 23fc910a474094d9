import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type Store } from "@midwatch/store";

/** An empty store in a folder of its own, both gone when `body` is done. */
export async function inStore<T>(body: (store: Store) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-bench-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  try {
    return await body(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { storeContract } from "../testing/contract.ts";
import { newFolder } from "../testing/folder.ts";
import { openSqliteStore } from "./open.ts";

storeContract("SQLite", () => {
  const folder = newFolder();
  const file = join(folder, "midwatch.db");
  return Promise.resolve({
    open: () => openSqliteStore({ file, busyTimeoutMs: 20_000 }),
    remove: () => rm(folder, { recursive: true }),
  });
});

import { openSqliteStore, StoreError, type SqliteOptions, type Store } from "@midwatch/store";
import { openDataFolder } from "./data-folder.ts";
import { CommandFailure } from "./failure.ts";

/** Opens the database of a data folder; every way in which a folder can refuse becomes a sentence. */
export async function openStore(dataDir: string, more: Pick<SqliteOptions, "busyTimeoutMs"> = {}): Promise<Store> {
  try {
    const { database } = openDataFolder(dataDir);
    return await openSqliteStore({ file: database, ...more });
  } catch (error) {
    if (error instanceof StoreError) throw new CommandFailure(78, error.message, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      78,
      `The data folder ${dataDir} can't be used: ${reason}. Name another with --data DIR, or make this one writable.`,
      { cause: error },
    );
  }
}

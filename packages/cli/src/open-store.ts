import { openSqliteStore, StoreError, type SqliteOptions, type Store } from "@midwatch/store";
import { openDataFolder } from "./data-folder.ts";
import { CommandFailure } from "./failure.ts";

/** Opens the database of a data folder; every way in which a folder can refuse becomes a sentence. */
export async function openStore(dataDir: string, more: Pick<SqliteOptions, "busyTimeoutMs"> = {}): Promise<Store> {
  try {
    const { database } = openDataFolder(dataDir);
    return await openSqliteStore({ file: database, ...more });
  } catch (error) {
    // What may pass by itself is no bad configuration: under a supervisor the server is started again until it does.
    if (error instanceof StoreError)
      throw new CommandFailure(error.retryable ? 1 : 78, error.message, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      78,
      `The data folder ${dataDir} can't be used: ${reason}. Name another with --data DIR, or make this one writable.`,
      { cause: error },
    );
  }
}

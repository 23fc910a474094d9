// One supervisor per data folder. Two would start every agent twice. The lock is a file that names its holder by pid,
// start time and boot, so a lock left by a dead supervisor is recognised and taken over without a person's help.

import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, replaceFile } from "../durable-file.ts";
import { describeError, SupervisorError, systemCode } from "../failure.ts";
import { identify, isAlive, type ProcessIdentity } from "../process/identity.ts";

export interface Ownership {
  /** Made once per data folder; names this supervisor to the server and marks its processes. */
  readonly supervisorId: string;
  readonly release: () => Promise<void>;
}

/** Takes the data folder; fails with `data_folder_in_use` while another supervisor lives in it. */
export async function takeOwnership(folder: string): Promise<Ownership> {
  await makeFolder(folder);
  const path = join(folder, "supervisor.lock");
  const mine = `${path}.${randomUUID()}`;
  const identity = identify(process.pid);
  try {
    await writeFile(mine, JSON.stringify(identity), { mode: 0o600 });
  } catch (cause) {
    throw new SupervisorError(
      "data_folder_unwritable",
      `cannot write to the data folder ${folder}: ${describeError(cause)}. Free some space, or make the folder writable for this user.`,
      { cause },
    );
  }
  try {
    await takeLock(path, mine, folder);
  } finally {
    await rm(mine, { force: true });
  }
  return { supervisorId: await readOrMakeId(folder), release: () => rm(path, { force: true }) };
}

/** Linking a finished file is one step, so nobody ever sees a lock without its holder. */
async function takeLock(path: string, mine: string, folder: string): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    try {
      await link(mine, path);
      return;
    } catch (cause) {
      if (systemCode(cause) !== "EEXIST") throw cause;
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new SupervisorError(
        "data_folder_in_use",
        `another supervisor (process ${holder.pid}) already works in ${folder}. Stop it first, or give this one another data folder.`,
      );
    }
    // Moved, not deleted: of two that find the same dead lock only one succeeds in moving it.
    const stale = `${path}.stale-${randomUUID()}`;
    await rename(path, stale).catch((error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
    const moved = await readHolder(stale);
    if (moved && isAlive(moved)) {
      // Between reading and moving somebody else took over the dead lock: this is the new one, and it goes back.
      await link(stale, path).catch((error: unknown) => {
        if (systemCode(error) !== "EEXIST") throw error;
      });
    }
    await rm(stale, { force: true });
  }
  throw new SupervisorError("data_folder_in_use", `another supervisor is starting in ${folder} at this moment.`, {
    retryable: true,
  });
}

async function readHolder(path: string): Promise<ProcessIdentity | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProcessIdentity | null;
  } catch {
    // Removed meanwhile, or empty after a full disk: nobody holds it.
    return null;
  }
}

async function readOrMakeId(folder: string): Promise<string> {
  const path = join(folder, "supervisor-id");
  try {
    const id = (await readFile(path, "utf8")).trim();
    if (id !== "") return id;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  const id = randomUUID();
  await replaceFile(path, id);
  return id;
}

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Admission } from "./door/admission.ts";
import { Door } from "./door/door.ts";
import { KeyCheck } from "./door/key-check.ts";
import { createListener, listen } from "./door/listener.ts";
import { reachableHost } from "@midwatch/protocol";
import { Link } from "./link/link.ts";
import type { MeterOptions, RunningMeter } from "./options.ts";
import { Upstream } from "./pass/upstream.ts";
import { UsageAsking } from "./pass/usage-asking.ts";
import { providersOf } from "./providers/providers.ts";
import { makeFolder, readIfThere, replaceFile } from "./spool/durable-file.ts";
import { Spool } from "./spool/spool.ts";
import { StandingBoard } from "./standings/standings.ts";

const usualMaxCalls = 2_000;
/** A stream of a reasoning model may well take this long. */
const lastCallsMs = 30_000;

/** Starts the meter; resolves when calls pass. Rejects with a `MeterError` for what a person has to put right. */
export async function startMeter(options: MeterOptions): Promise<RunningMeter> {
  const { folder, server: address, log } = options;
  const { host } = options.listen;
  await makeFolder(folder);
  const id = await ownId(join(folder, "id"));
  const board = await StandingBoard.open(folder, log);
  const spool = await Spool.open({ folder: join(folder, "spool"), log });
  const link = new Link({ server: address, meterId: id, spool, board, log });
  const admission = new Admission({ board, spool, link });
  const upstream = new Upstream();
  const door = new Door({
    host,
    providers: providersOf(options.providers),
    admission,
    keys: new KeyCheck(address, id),
    maxCalls: options.maxCalls ?? usualMaxCalls,
    log,
    upstream,
    asking: new UsageAsking(),
    count: (agent, call) => spool.append(agent, call),
    ending: (end) => admission.ending(end),
  });
  const listener = createListener(door.handle);
  const port = await listen(listener, options.listen).catch(async (error: unknown) => {
    await spool.close();
    throw error;
  });
  link.open();
  const turns = setInterval(() => options.onTurn?.(), 1_000).unref();
  const stop = async (): Promise<void> => {
    listener.close();
    listener.closeIdleConnections();
    const cut = setTimeout(() => listener.closeAllConnections(), lastCallsMs);
    await door.close();
    clearTimeout(cut);
    listener.closeAllConnections();
    clearInterval(turns);
    upstream.close();
    await spool.flush();
    await link.close();
    await Promise.all([spool.close(), board.close()]);
  };
  let stopping: Promise<void> | null = null;
  return { url: `http://${reachableHost(host)}:${port}`, port, id, stop: () => (stopping ??= stop()) };
}

async function ownId(file: string): Promise<string> {
  const kept = (await readIfThere(file))?.trim() ?? "";
  if (/^[\w-]{1,64}$/.test(kept)) return kept;
  const id = randomUUID();
  await replaceFile(file, `${id}\n`);
  return id;
}

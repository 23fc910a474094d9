import type { Config } from "../config/config.ts";
import { localKey, saveStartedPids } from "../data-folder.ts";
import { CommandFailure, type ExitStatus } from "../failure.ts";
import { untilAskedToStop } from "../stop-request.ts";
import { log } from "../terminal.ts";
import { KeptProcess } from "../up/kept-process.ts";
import type { ChildMessage } from "../up/message.ts";
import { welcome } from "../welcome.ts";

/** Beyond the longest stop ladder of an agent: what the supervisor needs to write down the end. */
const supervisorReserveMs = 15_000;
const serverGraceMs = 15_000;

/**
 * `midwatch up`: the server and the supervisor as two processes, each started again when it dies. The supervisor begins when
 * the server first listens, and from then on neither waits for the other.
 */
export async function runUp(config: Config, childArgs: readonly string[]): Promise<void> {
  const refused = Promise.withResolvers<number>();
  const supervisor = new KeptProcess({
    name: "supervisor",
    args: ["supervise", ...childArgs],
    onReady: () => noteStarted(),
    onRefused: refused.resolve,
    log,
  });
  const server = new KeptProcess({
    name: "server",
    args: ["server", ...childArgs],
    onReady: (message) => {
      noteStarted();
      greet(message);
    },
    onRefused: refused.resolve,
    log,
  });
  const greet = greetOnce(config, () => {
    if (config.agents.length > 0) supervisor.start();
  });
  const noteStarted = (): void => {
    saveStartedPids(config.server.dataDir, [server.pid ?? 0, supervisor.pid ?? 0]);
  };
  server.start();
  const end = await Promise.race([refused.promise, untilAskedToStop(() => supervisor.hurry())]);
  if (typeof end === "string") log("stopping: agents first, then the server …");
  const longestGraceMs = Math.max(0, ...config.agents.map(({ stopGraceMs }) => stopGraceMs));
  await supervisor.stop(longestGraceMs + supervisorReserveMs);
  await server.stop(serverGraceMs);
  if (typeof end === "number")
    throw new CommandFailure(end as ExitStatus, "Midwatch has not started; the lines above say why.");
}

/** The server greets at every start of its own; a person is greeted once, and told of a new link only by asking. */
function greetOnce(config: Config, begin: () => void): (message: ChildMessage) => void {
  let greeted = false;
  return ({ ready }) => {
    if (greeted || ready === null) return;
    greeted = true;
    const ingestKey = localKey(config.server.dataDir, "ingest");
    process.stdout.write(welcome({ ...ready, ingestKey, agents: config.agents.map(({ name }) => name) }));
    begin();
  };
}

// Loaded before a supervisor (`--import`): ends the process by SIGKILL at the step that CRASH_AT names. A step is the moment
// before or after anything that the world can see: a file renamed into place, a process started, a signal sent.

import childProcess from "node:child_process";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const crashAt = Number(process.env["CRASH_AT"]);
const kill = process.kill.bind(process);
let step = 0;

function maybeCrash(): void {
  step += 1;
  if (step === crashAt) kill(process.pid, "SIGKILL");
}

const { spawn } = childProcess;
childProcess.spawn = new Proxy(spawn, {
  apply(target, self, args) {
    maybeCrash();
    const child: unknown = Reflect.apply(target, self, args);
    maybeCrash();
    return child;
  },
});

const { rename } = fs;
fs.rename = async (...args) => {
  maybeCrash();
  await rename(...args);
  maybeCrash();
};

process.kill = (pid, signal) => {
  maybeCrash();
  const sent = kill(pid, signal);
  maybeCrash();
  return sent;
};

syncBuiltinESMExports();

// A real systemd as the first process of a machine of its own, beside this one and without touching it: the root file
// system is laid over with a layer in memory and started by systemd-nspawn. All mounts are made in a mount name space that ends
// with it, and it ends when this process does, whatever happens: then the pipe it listens to is closed.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { childrenOf } from "../process/identity.ts";
import { until } from "./until.ts";

export interface SystemdMachine {
  /** What to say instead of `systemctl` to reach the machine's own. */
  readonly systemctl: readonly string[];
  readonly userSystemctl: readonly string[];
  /** Where the machine's root folder is seen from here. */
  readonly root: string;
  /** Writes a file of the machine, as in `/etc/systemd/system/bot.service`, and has systemd read it. */
  readonly writeUnit: (path: string, text: string) => Promise<void>;
  /** Runs a command in the machine; its output. */
  readonly run: (...command: readonly string[]) => string;
  readonly stop: () => Promise<void>;
}

const firstTarget = "[Unit]\nRequires=dbus.socket\nAfter=dbus.socket\nAllowIsolate=yes\n";

/**
 * Ends when its input does. The first line of its output is the pid of systemd-nspawn. Each machine has control groups of its
 * own: two in the same would take each other's processes for theirs.
 */
const script = `
set -eu
trap : HUP INT TERM
groups=
for base in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  [ -e "$base/cgroup.procs" ] || continue
  mkdir "$base/midwatch-machine-$$"
  groups="$groups $base/midwatch-machine-$$"
  echo $$ >"$base/midwatch-machine-$$/cgroup.procs"
done
mount -t tmpfs tmpfs "$1"
mkdir "$1/up" "$1/wk" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/wk" "$1/root"
printf '${firstTarget.replaceAll("\n", "\\n")}' >"$1/root/etc/systemd/system/midwatch-test.target"
systemd-nspawn -D "$1/root" --register=no --keep-unit --private-network --machine="midwatch-test-$$" \
  --capability=all --drop-capability=CAP_SYS_RESOURCE --rlimit=RLIMIT_NOFILE=1024:4096 \
  /lib/systemd/systemd --unit=midwatch-test.target </dev/null >/dev/null 2>&1 &
nspawn=$!
echo "$nspawn"
read -r end || true
# What has ended already needs no end, and nobody may be left to read a complaint: neither may keep the rest from being tidied.
set +e
exec >/dev/null 2>&1
for leader in $(cat "/proc/$nspawn/task/$nspawn/children"); do kill -KILL "$leader"; done
kill -KILL "$nspawn"
wait "$nspawn"
for group in $groups; do
  echo $$ >"\${group%/*}/cgroup.procs"
  for round in 1 2 3 4 5; do find "$group" -depth -type d -exec rmdir {} + && break; sleep 0.1; done
done
umount "$1/root" "$1"
rmdir "$1"
`;

const mountTrial =
  "mount -t tmpfs tmpfs /mnt && mkdir /mnt/up /mnt/wk /mnt/root && mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/wk /mnt/root";

/** Why there can be no such machine here; null when one can be tried. */
export function whyNoMachine(): string | null {
  if (process.getuid?.() !== 0) return "root is needed";
  for (const program of ["systemd-nspawn", "nsenter", "unshare"]) {
    if (spawnSync("which", [program]).status !== 0)
      return `${program} is missing (Debian: systemd-container, util-linux)`;
  }
  if (!existsSync("/lib/systemd/systemd")) return "systemd is not installed";
  const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", mountTrial], { encoding: "utf8" });
  return status === 0 ? null : `the root folder cannot be laid over: ${stderr.trim()}`;
}

/** Rejects with what systemd-nspawn said when the machine does not come up. */
export async function startSystemdMachine(): Promise<SystemdMachine> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-machine-"));
  const isSecond = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const env = { ...process.env, ...(isSecond ? {} : { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "0" }) };
  const holder = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", folder], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let complaints = "";
  holder.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  holder.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = new Promise<void>((resolve) => holder.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    holder.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    let leader: number | undefined;
    await until("the machine had a first process", () => {
      if (holder.exitCode !== null) throw new Error(`the machine did not start: ${complaints.trim()}`);
      leader = output.includes("\n") ? childrenOf(Number(output.split("\n")[0])).find(isFirstProcess) : undefined;
      return leader !== undefined;
    });
    return await machineOf(Number(leader), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** systemd-nspawn has another child before, which makes this one and ends: whoever enters that one is locked out. */
function isFirstProcess(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith("/systemd");
  } catch {
    // It has ended already.
    return false;
  }
}

async function machineOf(leader: number, stop: () => Promise<void>): Promise<SystemdMachine> {
  const enter = ["nsenter", "--target", String(leader), "--mount", "--pid", "--uts", "--ipc", "--net"];
  const root = `/proc/${leader}/root`;
  const run = (...command: readonly string[]): string => {
    const [program = "", ...args] = [...enter, ...command];
    const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000 });
    return `${stdout}${stderr}`;
  };
  await until("the machine was up", () => /running|degraded/.test(run("systemctl", "is-system-running")));
  return {
    systemctl: [...enter, "systemctl"],
    userSystemctl: [...enter, "env", "XDG_RUNTIME_DIR=/run/user/0", "systemctl", "--user"],
    root,
    writeUnit: async (path, text) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
      run("systemctl", "daemon-reload");
    },
    run,
    stop,
  };
}

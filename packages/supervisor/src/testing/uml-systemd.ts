// A Linux kernel of its own with a real systemd and control groups of the second kind, as an ordinary process: User-Mode Linux
// (Debian's user-mode-linux). It sees this machine's files, read-only, lays what systemd wants to write over them in memory, runs
// one script, and powers off. Its system calls are slow, so nothing in it should count seconds.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface UmlJob {
  /** Files of units by name, as in `bot.service`. */
  readonly units: Readonly<Record<string, string>>;
  /** Commands of a shell; what they print is the answer. */
  readonly script: readonly string[];
  readonly limitMs: number;
}

const memory = "768M";
export const repository = fileURLToPath(new URL("../../../../", import.meta.url)).replace(/\/$/, "");

/** Why there can be no such kernel here; null when one can be tried. */
export function whyNoUml(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return "User-Mode Linux is for Linux on x86-64";
  return spawnSync("which", ["linux.uml"]).status === 0 ? null : "linux.uml is missing (Debian: user-mode-linux)";
}

export type UmlAnswer =
  | { readonly ran: true; readonly printed: string }
  /** This processor is not for such a kernel, as it turned out. */
  | { readonly ran: false; readonly why: string };

/** What the kernel says before it panics at its first process. */
const tooManyRegisters = "set fp regs failed";

/** What the script printed. Rejects when the machine did not power off in time, with the end of its console. */
export async function runInUml({ units, script, limitMs }: UmlJob): Promise<UmlAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-uml-"));
  try {
    const init = join(folder, "init.sh");
    writeFileSync(init, initScript(units, script));
    chmodSync(init, 0o755);
    const console_ = await boot(init, limitMs);
    const [, answer] = new RegExp(`${begin}\\r?\\n([^]*?)${end}`).exec(console_) ?? [];
    if (answer === undefined && console_.includes(tooManyRegisters))
      return { ran: false, why: "this processor has more registers (AMX) than User-Mode Linux can save" };
    if (answer === undefined)
      throw new Error(`the machine did not come to its script's end:\n${console_.slice(-3_000)}`);
    return { ran: true, printed: answer.replaceAll("\r", "") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The kernel is several processes; they are one group, and end together. */
async function boot(init: string, limitMs: number): Promise<string> {
  const kernel = spawn(
    "linux.uml",
    [
      `mem=${memory}`,
      "root=/dev/root",
      "rootfstype=hostfs",
      "rootflags=/",
      "ro",
      `init=${init}`,
      "con0=fd:0,fd:1",
      "con=null",
      "quiet",
    ],
    { stdio: ["ignore", "pipe", "ignore"], detached: true },
  );
  let output = "";
  kernel.stdout.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-1_000_000)));
  const endAll = (): void => {
    try {
      if (kernel.pid !== undefined) process.kill(-kernel.pid, "SIGKILL");
    } catch {
      // It has powered off.
    }
  };
  const timer = setTimeout(endAll, limitMs);
  process.once("exit", endAll);
  try {
    await new Promise<void>((resolve, reject) => {
      kernel.once("close", () => resolve());
      kernel.once("error", reject);
    });
    return output;
  } finally {
    clearTimeout(timer);
    process.off("exit", endAll);
    endAll();
  }
}

const begin = "---midwatch begins---";
const end = "---midwatch ends---";

/** Services that have nothing to do in such a machine and would only take their time. */
const masked =
  "systemd-udevd systemd-timesyncd systemd-logind systemd-journal-flush systemd-tmpfiles-setup-dev systemd-modules-load systemd-sysctl systemd-remount-fs systemd-update-utmp systemd-tmpfiles-setup systemd-sysusers systemd-udev-trigger systemd-random-seed systemd-pcrphase systemd-pcrphase-sysinit";

function initScript(units: UmlJob["units"], script: UmlJob["script"]): string {
  const all = { "midwatch-test.target": firstTarget, "midwatch-test.service": scriptUnit, ...units };
  const files = Object.entries(all).map(([name, text]) => hereDocument(`$R/etc/systemd/system/${name}`, text));
  const lines = ["exec >/dev/console 2>&1", `echo "${begin}"`, ...script, `echo "${end}"`, "systemctl poweroff -ff"];
  const shared = [...new Set([repository, dirname(process.execPath)])].filter((path) => !path.startsWith("/usr/"));
  return `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs tmp /mnt -o size=300m
R=/mnt/root
mkdir -p $R/usr $R/proc $R/sys $R/dev $R/run $R/tmp $R/var/lib $R/var/log $R/opt $R/root $R/etc/systemd/system
for folder in bin sbin lib lib64 lib32; do [ -L /$folder ] && cp -a /$folder $R/; done
mount --bind /usr $R/usr
${shared.map((path) => `mkdir -p '${R(path)}' && mount --bind '${path}' '${R(path)}'`).join("\n")}
cp -a /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/dbus-1 /etc/alternatives $R/etc/ 2>/dev/null
: >$R/etc/machine-id
for service in ${masked}; do ln -sf /dev/null $R/etc/systemd/system/$service.service; done
${files.join("\n")}
${hereDocument("$R/opt/script.sh", lines.join("\n"))}
mount -t devtmpfs dev $R/dev
mount -t proc proc $R/proc
mount -t sysfs sys $R/sys
mount -t tmpfs run $R/run
exec chroot $R /lib/systemd/systemd --unit=midwatch-test.target --show-status=0
`;
}

function R(path: string): string {
  return `/mnt/root${path}`;
}

function hereDocument(path: string, text: string): string {
  return `cat >${path} <<'END-OF-FILE'\n${text}\nEND-OF-FILE`;
}

const firstTarget = "[Unit]\nRequires=dbus.socket\nAfter=dbus.socket\nWants=midwatch-test.service\nAllowIsolate=yes";
const scriptUnit =
  "[Unit]\nDefaultDependencies=no\nAfter=dbus.socket\n[Service]\nType=oneshot\nExecStart=/bin/sh /opt/script.sh";

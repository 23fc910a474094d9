// A unit of systemd. Every line that bites somebody one day says so where it stands, because that is where people look.

import { join } from "node:path";
import { sign, markLine, type BootFile } from "./boot-file.ts";
import type { BootPlan } from "./boot-plan.ts";

export function systemdUnit(plan: BootPlan): BootFile {
  const { name, isSystem, user } = plan;
  const unit = `${name}.service`;
  const systemctl = isSystem ? ["systemctl"] : ["systemctl", "--user"];
  const reload = { words: [...systemctl, "daemon-reload"] };
  const linger = { words: ["loginctl", "enable-linger", user.name] };
  return {
    path: isSystem ? `/etc/systemd/system/${unit}` : join(userFolder(user.home), unit),
    text: sign(unitText(plan)),
    start: [reload, { words: [...systemctl, "enable", "--now", name] }, ...(isSystem ? [] : [linger])],
    restart: [reload, { words: [...systemctl, "enable", name] }, { words: [...systemctl, "restart", name] }],
    notes: [
      ...(isSystem
        ? []
        : [
            "Without `enable-linger` systemd ends your units at your last logout, and starts them at login instead of at boot. `sudo midwatch install` makes it a service of the machine.",
          ]),
      `Its log: \`journalctl ${isSystem ? "" : "--user "}-u ${name} -f\`. After a change of the configuration: \`${systemctl.join(" ")} reload ${name}\`.`,
    ],
  };
}

function userFolder(home: string): string {
  return join(process.env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "systemd/user");
}

function unitText(plan: BootPlan): string {
  const { about, node, script, args, folder, path, stopS, environmentFile, isSystem, user } = plan;
  return `# ${markLine}
[Unit]
Description=${specifiersEscaped(`Midwatch, for ${about}`)}
${isSystem ? networkLines : ""}# No start limit. systemd's own (5 starts within 10 s) would leave Midwatch down for good after a short trouble, such as a disk
# that is mounted late. This line has to stand in [Unit]; under [Service] it is read over.
StartLimitIntervalSec=0

[Service]
Type=exec
${isSystem && user.uid !== 0 ? `User=${user.name}\n` : ""}WorkingDirectory=${specifiersEscaped(folder)}
ExecStart=${[...node, script, ...args].map(word).join(" ")}
# Reads the configuration again and restarts only what changed.
ExecReload=/bin/kill -HUP $MAINPID
# A service has no shell and no profile: this is the PATH of whoever installed it, and agents find their programs by it.
Environment=${quoted(`PATH=${path}`)}
# Secrets: NAME=value, one a line, chmod 600. The - allows it not to be there.
EnvironmentFile=-${specifiersEscaped(environmentFile)}
Restart=always
# Without a limit a pause is needed, or a mistake in the configuration costs a whole processor.
RestartSec=2
# When Midwatch dies, its agents live on and are taken over by the next one. With systemd's default they would be killed with it.
# A stop is orderly all the same: asked to stop, Midwatch stops its agents, each with its own stop_grace.
KillMode=process
# The longest stop of the agents, one after the other where they say so, and 30 s. Run \`midwatch install\` again when you lengthen it.
TimeoutStopSec=${stopS}
# An agent that runs out of memory is Midwatch's business; systemd would stop everything for it.
OOMPolicy=continue
# Delegate= is not needed: Midwatch reads the counters of control groups, and makes none.

[Install]
WantedBy=${isSystem ? "multi-user.target" : "default.target"}
`;
}

const networkLines = `# Without a network the first calls of agents and channels fail.
After=network-online.target
Wants=network-online.target
`;

/** A % begins a specifier wherever a path stands. */
function specifiersEscaped(text: string): string {
  return text.replaceAll("%", "%%");
}

/** One word of a command line: quoted only when it has to be, so that it can be read and copied. */
function word(text: string): string {
  const escaped = specifiersEscaped(text).replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : quotedPlain(escaped);
}

function quoted(text: string): string {
  return quotedPlain(specifiersEscaped(text));
}

function quotedPlain(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

// A job of launchd: of the user's screen session, or of the machine. launchd's defaults are made for helpers of apps, so each
// line here undoes one of them.

import { join } from "node:path";
import { sign, markLine, type BootFile } from "./boot-file.ts";
import type { BootPlan } from "./boot-plan.ts";

export function launchdJob(plan: BootPlan): BootFile {
  const { name, isSystem, user } = plan;
  const label = name === "midwatch" ? "dev.midwatch" : `dev.midwatch.${name}`;
  const folder = isSystem ? "/Library/LaunchDaemons" : join(user.home, "Library/LaunchAgents");
  const path = join(folder, `${label}.plist`);
  const domain = isSystem ? "system" : `gui/${user.uid}`;
  const bootstrap = { words: ["launchctl", "bootstrap", domain, path] };
  const enable = { words: ["launchctl", "enable", `${domain}/${label}`] };
  const log = join(isSystem ? "/Library/Logs" : join(user.home, "Library/Logs"), `${name}.log`);
  return {
    path,
    text: sign(plistText(plan, { label, log })),
    start: [enable, bootstrap],
    restart: [{ words: ["launchctl", "bootout", `${domain}/${label}`], mayFail: true }, enable, bootstrap],
    notes: [
      isSystem
        ? `It runs without a login, as ${user.name}.`
        : `It starts when you log in at the screen: ${domain} is not there before, nor over SSH. For a Mac that nobody logs in to: \`sudo midwatch install\`.`,
      `Its log: \`tail -f ${log}\`; launchd does not bound it, see \`man newsyslog.conf\`. Whether it runs: \`launchctl print ${domain}/${label}\`. After a change of the configuration: \`launchctl kill HUP ${domain}/${label}\`.`,
    ],
  };
}

function plistText(plan: BootPlan, { label, log }: { readonly label: string; readonly log: string }): string {
  const { node, script, args, folder, path, stopS, environmentFile, isSystem, user } = plan;
  const [program = "", ...flags] = node;
  const words = [program, ...flags, `--env-file-if-exists=${environmentFile}`, script, ...args];
  const session = isSystem
    ? `  <!-- A job of the machine runs as root unless a user is named. -->
  <key>UserName</key>
  <string>${escaped(user.name)}</string>
`
    : `  <!-- LimitLoadToSessionType is not set, which means Aqua: the session at the screen (gui/${user.uid}). With Background it could be
       loaded over SSH (user/${user.uid}), and would be forgotten at the next boot. -->
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${markLine} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <!-- Secrets: NAME=value, one a line, chmod 600, in the file of env-file-if-exists, which need not be there. -->
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${escaped(word)}</string>`).join("\n")}
  </array>
  <key>WorkingDirectory</key>
  <string>${escaped(folder)}</string>
  <!-- launchd reads no profile: this is the PATH of whoever installed it, and agents find their programs by it. -->
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${escaped(path)}</string>
  </dict>
${session}  <key>RunAtLoad</key>
  <true/>
  <!-- Started again however it ended. Conditions in a dictionary here are easily the opposite of what they seem. -->
  <key>KeepAlive</key>
  <true/>
  <!-- Seconds from start to start; launchd never gives up. -->
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <!-- When Midwatch dies, its agents live on and are taken over by the next one; launchd would end them with it. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <!-- From TERM to KILL: the longest stop of the agents, and 30 s. launchd's own few seconds would cut them off. -->
  <key>ExitTimeOut</key>
  <integer>${stopS}</integer>
  <!-- Anything less is throttled in favour of what is on the screen, timers included, and the agents with it. -->
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardOutPath</key>
  <string>${escaped(log)}</string>
  <key>StandardErrorPath</key>
  <string>${escaped(log)}</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// A service for Docker Compose. Midwatch and the agents of kind `run:` live in one container, so the image has to hold what the
// agents need; what is kept in containers of its own (`docker:`) is reached through the daemon's socket.

import { basename, isAbsolute, join, relative } from "node:path";
import { isLoopbackName } from "@midwatch/protocol";
import { sign, markLine, type BootFile } from "./boot-file.ts";
import type { BootPlan } from "./boot-plan.ts";

/** Where the folder of the configuration stands inside. */
const inside = "/srv/midwatch";

export interface ImageVersions {
  readonly node: string;
  readonly midwatch: string;
}

export function composeService(plan: BootPlan, versions: ImageVersions): BootFile {
  const path = join(plan.folder, "compose.yaml");
  const up = { words: ["docker", "compose", "-f", path, "up", "--detach", "--build"] };
  const beyond = plan.agents.filter(({ target }) => target.platform === "systemd" || target.platform === "launchd");
  return {
    path,
    text: sign(composeText(plan, versions)),
    start: [up],
    restart: [up],
    notes: [
      "Agents with `run:` live inside this container: put what they need (Python, packages) into dockerfile_inline, and their files beside the configuration.",
      ...(beyond.length === 0
        ? []
        : [
            `From a container ${beyond.map(({ name }) => name).join(", ")} can't be kept: units and jobs belong to the host. Use \`midwatch install\` there.`,
          ]),
      ...(isLoopbackName(plan.listen.host)
        ? [
            "The server listens on the container's own loopback. To reach it from outside, set `listen: 0.0.0.0:4004` in the configuration, and run this again.",
          ]
        : []),
    ],
  };
}

function composeText(plan: BootPlan, { node, midwatch }: ImageVersions): string {
  const { name, about, folder, stopS, user, listen, environmentFile, agents } = plan;
  const ownUser = user.uid === 0 ? "" : `    # Files in the folder stay yours.\n    user: "${user.uid}:${user.gid}"\n`;
  const ports = isLoopbackName(listen.host)
    ? ""
    : `    # Only for this machine; put TLS in front before you open it further.\n    ports:\n      - "127.0.0.1:${listen.port}:${listen.port}"\n`;
  return `# ${markLine}
# ${about}
services:
  ${name}:
    build:
      dockerfile_inline: |
        FROM node:${node}-slim
        RUN npm install --global midwatch@${midwatch}
    command: ${literal(["midwatch", ...plan.args.map((word) => insideOf(word, folder))])}
    working_dir: ${inside}
${ownUser}    # Process 1 reaps what agents leave behind, and passes TERM on.
    init: true
    # Started again after a crash and a reboot, and not after a \`docker compose stop\`.
    restart: unless-stopped
    # The longest stop of the agents, and 30 s. Docker's own 10 s would cut them off.
    stop_grace_period: ${stopS}s
    # Secrets: NAME=value, one a line, chmod 600. It need not be there.
    env_file:
      - path: ./${basename(environmentFile)}
        required: false
${ports}    volumes:
      # The configuration, the agents' files, and Midwatch's own data.
      - ./:${inside}
${dataVolume(plan)}${agents.some(({ target }) => target.platform === "docker") ? socketVolume : ""}`;
}

const socketVolume = `      # For agents with \`docker:\`. Whoever gets at this socket has the whole machine.
      - /var/run/docker.sock:/var/run/docker.sock
`;

/** Data that does not lie in the folder stays where it is, under the same name. */
function dataVolume({ dataDir, folder }: BootPlan): string {
  return isWithin(dataDir, folder) ? "" : `      - ${literal(`${dataDir}:${dataDir}`)}\n`;
}

/** JSON is YAML; a $ would be taken for a variable of Compose's own. */
function literal(value: string | readonly string[]): string {
  return JSON.stringify(value).replaceAll("$", "$$$$");
}

function insideOf(word: string, folder: string): string {
  if (!isAbsolute(word) || !isWithin(word, folder)) return word;
  return join(inside, relative(folder, word));
}

function isWithin(path: string, folder: string): boolean {
  return !relative(folder, path).startsWith("..");
}

// Where the Docker daemon is: `DOCKER_HOST` if it is set, else the usual sockets. Podman speaks the same protocol and is
// taken only when `DOCKER_HOST` names its socket: nobody should find his agents under another engine than he thought.

import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";

export type EngineAddress =
  /** The first of these that can be used counts. */
  | { readonly kind: "sockets"; readonly paths: readonly string[] }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** It is set to something that cannot be spoken to from here; `reason` says what to set instead. */
  | { readonly kind: "unusable"; readonly reason: string };

export type Environment = Readonly<Record<string, string | undefined>>;

const plainPort = 2375;

/** Reads `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `XDG_RUNTIME_DIR` and `HOME`. */
export function engineAddress(env: Environment): EngineAddress {
  const asked = env["DOCKER_HOST"]?.trim() ?? "";
  if (asked === "") return { kind: "sockets", paths: usualSockets(env) };
  if (asked.startsWith("unix://")) return { kind: "sockets", paths: [asked.slice("unix://".length)] };
  const url = URL.parse(asked);
  if (url === null || (url.protocol !== "tcp:" && url.protocol !== "http:")) {
    const reason = `DOCKER_HOST is ${asked}; Midwatch speaks to Docker by unix:///path/to/docker.sock or tcp://host:port. Run the supervisor on the host of the container`;
    return { kind: "unusable", reason };
  }
  if ((env["DOCKER_TLS_VERIFY"] ?? "") !== "") {
    const reason = `DOCKER_TLS_VERIFY is set for ${asked}, and Midwatch does not speak TLS to Docker. Run the supervisor on the host of the container and leave DOCKER_HOST unset`;
    return { kind: "unusable", reason };
  }
  return { kind: "tcp", host: url.hostname, port: url.port === "" ? plainPort : Number(url.port) };
}

/** The daemon of the system, the one of this user without root, the one of Docker Desktop. */
function usualSockets(env: Environment): readonly string[] {
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  const home = env["HOME"] ?? "";
  return [
    "/var/run/docker.sock",
    ...(runtime === "" ? [] : [join(runtime, "docker.sock")]),
    ...(home === "" ? [] : [join(home, ".docker/run/docker.sock")]),
  ];
}

/** The socket to be used now; one that is there and closed to this user still tells more than one that is not there. */
export function pickSocket(paths: readonly string[]): string {
  return paths.find(isOpenToUs) ?? paths.find((path) => existsSync(path)) ?? paths[0] ?? "";
}

function isOpenToUs(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    // Not there, or another group's: the connection itself will say which.
    return false;
  }
}

/** As a person writes it: `unix:///var/run/docker.sock`. */
export function spellAddress(address: EngineAddress): string {
  switch (address.kind) {
    case "sockets":
      return `unix://${pickSocket(address.paths)}`;
    case "tcp":
      return `tcp://${address.host}:${address.port}`;
    case "unusable":
      return "DOCKER_HOST";
  }
}

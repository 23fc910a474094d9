import { onLinux, type ProcessIdentity } from "../process/identity.ts";
import { readSystemFile } from "./proc-file.ts";
import { redactVariable } from "@midwatch/protocol";

export type Variables = readonly (readonly [name: string, value: string])[];

const valueLimit = 300;

/** The environment a process was started with; null where the system does not tell. */
export async function readEnvironment(identity: ProcessIdentity | undefined): Promise<Variables | null> {
  if (!onLinux || identity === undefined) return null;
  const text = await readSystemFile(`/proc/${identity.pid}/environ`);
  if (text === null) return null;
  return text.split("\0").flatMap((line) => {
    const at = line.indexOf("=");
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
}

export function describeEnvironment(variables: Variables | null): string {
  if (variables === null) return "not taken: the environment of its processes cannot be read";
  return variables
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${shorten(redactVariable(name, value))}`)
    .join("\n");
}

function shorten(value: string): string {
  return value.length > valueLimit ? `${value.slice(0, valueLimit)}…` : value;
}

/** `host:port` of the supervisor that the agent beats to; null when it is told none. */
export function midwatchAddress(variables: Variables): string | null {
  const url = variables.find(([name]) => name === "MIDWATCH_URL")?.[1] ?? "";
  return URL.canParse(url) ? new URL(url).host : null;
}

// One agent of the file, from its checked values.

import { extname, resolve } from "node:path";
import type { StateFile, StatePolicy, TargetSpec } from "@midwatch/supervisor";
import { noState, type AgentDefaults, type KeptAgent } from "./config.ts";
import { targetFields } from "./fields.ts";

type Values = Readonly<Record<string, unknown>>;

export type ReadTarget =
  | { readonly ok: true; readonly target: TargetSpec }
  /** What is wrong, as the rest of a sentence that begins with the agent's name; null when that was said of its value. */
  | { readonly ok: false; readonly wrong: string | null };

const userUnit = "user/";

/** @param keys Everything that stands there, right or wrong. */
export function targetOf(values: Values, keys: readonly string[]): ReadTarget {
  const given = Object.keys(targetFields).filter((name) => keys.includes(name));
  const [name] = given;
  if (name === undefined) {
    return {
      ok: false,
      wrong: `has no "run": give the command that starts it, or the container, unit or job to keep (${Object.keys(targetFields).join(", ")})`,
    };
  }
  if (given.length > 1) return { ok: false, wrong: `has ${given.join(" and ")}; one thing is kept for each agent` };
  const value = values[name] as string | undefined;
  if (value === undefined) return { ok: false, wrong: null };
  switch (name) {
    case "docker":
      return { ok: true, target: { platform: "docker", container: value } };
    case "systemd": {
      const isUser = value.startsWith(userUnit);
      const unit = isUser ? value.slice(userUnit.length) : value;
      return { ok: true, target: { platform: "systemd", unit, scope: isUser ? "user" : "system" } };
    }
    case "launchd":
      return { ok: true, target: { platform: "launchd", label: value } };
    default:
      return { ok: true, target: { platform: "process", run: value } };
  }
}

export function agentOf(
  values: Values,
  about: {
    readonly name: string;
    readonly target: TargetSpec;
    readonly policy: AgentDefaults;
    /** The folder of the file. */
    readonly base: string;
  },
): KeptAgent {
  const { name, target, policy, base } = about;
  return {
    ...policy,
    name,
    target,
    cwd: resolve(base, (values["cwd"] as string | undefined) ?? "."),
    env: (values["env"] as Record<string, string> | undefined) ?? {},
    tags: (values["tags"] as string[] | undefined) ?? [],
    state: stateOf(values),
    meter: (values["meter"] as string[] | undefined) ?? [],
    after: (values["after"] as string[] | undefined) ?? [],
    isReported: true,
  };
}

function stateOf(values: Values): StatePolicy {
  const rows = (values["state"] as Values[] | undefined) ?? [];
  return {
    files: rows.map(stateFileOf),
    validate: (values["validate"] as string | undefined) ?? null,
    validateTimeoutMs: (values["validate_timeout"] as number | undefined) ?? noState.validateTimeoutMs,
    onInvalid: (values["on_invalid"] as StatePolicy["onInvalid"] | undefined) ?? noState.onInvalid,
  };
}

function stateFileOf(row: Values): StateFile {
  const path = (row["path"] as string | undefined) ?? "";
  return {
    path,
    check: (row["check"] as StateFile["check"] | undefined) ?? checkByName(path),
    keep: (row["keep"] as number | undefined) ?? 3,
  };
}

function checkByName(path: string): StateFile["check"] {
  switch (extname(path).toLowerCase()) {
    case ".json":
      return "json";
    case ".jsonl":
    case ".ndjson":
      return "jsonl";
    case ".db":
    case ".sqlite":
    case ".sqlite3":
      return "sqlite";
    default:
      return "none";
  }
}

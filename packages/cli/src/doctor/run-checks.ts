import type { Check } from "./check.ts";
import type { Finding } from "./remark.ts";
import type { World } from "./world.ts";

export interface Diagnosis {
  /** What is bad first; else in the order of the checks. */
  readonly findings: readonly Finding[];
  /** What was looked at, with or without findings, and what was seen there: "database (2.1 MB)". */
  readonly checked: readonly string[];
  readonly unchecked: readonly { readonly what: string; readonly because: string }[];
}

/** Beyond the longest probe; a file system that hangs must not hang the one who looks for it. */
const limitMs = 30_000;

/** Runs every check, side by side. One that fails or takes too long is named as not done, and keeps nobody up. */
export async function runChecks(checks: readonly Check[], world: World): Promise<Diagnosis> {
  const results = await Promise.all(checks.map((check) => runCheck(check, world)));
  const findings = results.flatMap((result) => result.findings);
  return {
    findings: [
      ...findings.filter(({ severity }) => severity === "bad"),
      ...findings.filter(({ severity }) => severity !== "bad"),
    ],
    checked: results.flatMap(({ checked }) => checked),
    unchecked: results.flatMap((result) => result.unchecked),
  };
}

async function runCheck(check: Check, world: World): Promise<Diagnosis> {
  const { name } = check;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it took longer than 30 seconds")), limitMs);
  });
  try {
    const remarks = await Promise.race([check.run(world), late]);
    const findings = remarks.flatMap((remark) => {
      if (remark.kind !== "finding") return [];
      const { severity, title, why, fix } = remark;
      return [{ check: name, severity, title, why, fix }];
    });
    const unchecked = remarks.flatMap((remark) => (remark.kind === "unchecked" ? [remark] : []));
    // A check that says of itself that it could not be done was not.
    const notes = remarks.flatMap((remark) => (remark.kind === "seen" ? [remark.text] : []));
    const known = notes.length === 0 ? name : `${name} (${notes.join(", ")})`;
    const checked = unchecked.some(({ what }) => what === name) ? [] : [known];
    return { findings, checked, unchecked: unchecked.map(({ what, because }) => ({ what, because })) };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return { findings: [], checked: [], unchecked: [{ what: name, because }] };
  } finally {
    clearTimeout(timer);
  }
}

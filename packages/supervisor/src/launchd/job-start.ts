// Starting a job: what is loaded is kicked, what is not is loaded first. launchd says yes to much that it does not do, so what
// counts is what `print` says afterwards.

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs } from "@midwatch/core";
import type { Refusal } from "../target/platform-driver.ts";
import type { JobPlaces } from "./job-places.ts";
import { explain, isNoSession, isUnderWay, type Launchctl } from "./launchctl.ts";

interface StartTools {
  readonly places: JobPlaces;
  readonly launchctl: Launchctl;
  /** As `performance.now()` counts. */
  readonly giveUpAt: number;
}

/** How long loading may take to start by itself what it has loaded. */
const ownStartMs: DurationMs = 2_000;
/** How long an unloading that is nearly over may refuse a loading. */
const refusedMs: DurationMs = 2_000;
const lookMs: DurationMs = 100;

/** Starts a job that is loaded in this domain, whatever it would wait for otherwise. */
export async function kickstart(domain: string, tools: StartTools): Promise<Refusal | null> {
  const { places, launchctl, giveUpAt } = tools;
  const refusal = await enable(domain, tools);
  if (refusal !== null) return refusal;
  const answer = await launchctl(["kickstart", `${domain}/${places.label}`], giveUpAt);
  if (answer.status === 0 || isUnderWay(answer)) return null;
  return { reason: explain(answer, { label: places.label, domain }) };
}

/** Loads a job and sees to it that it is started. Its last process must have ended. */
export async function load(tools: StartTools): Promise<Refusal | null> {
  const { places } = tools;
  const file = await places.file();
  if (file === null) return { reason: places.nowhere };
  const refused: string[] = [];
  for (const domain of places.domainsFor(file)) {
    const refusal = (await enable(domain, tools)) ?? (await bootstrap({ domain, path: file.path }, tools));
    if (refusal === null) return begin({ domain, startsItself: file.plist["RunAtLoad"] === true }, tools);
    refused.push(refusal.reason);
    // What is refused where there is a session would be a second copy in the next domain.
    if (!("isNoSession" in refusal && refusal.isNoSession)) break;
  }
  return { reason: refused.join(". In the next domain: ") };
}

/** Allows it in a domain where somebody, or a hold, has disabled it. */
async function enable(domain: string, { places, launchctl, giveUpAt }: StartTools): Promise<Refusal | null> {
  if (!(await places.isDisabled(domain, giveUpAt))) return null;
  const answer = await launchctl(["enable", `${domain}/${places.label}`], giveUpAt);
  return answer.status === 0 ? null : { reason: explain(answer, { label: places.label, domain }) };
}

interface BootstrapRefusal extends Refusal {
  /** There is nobody logged in for whom this domain would be there. */
  readonly isNoSession: boolean;
}

async function bootstrap(
  { domain, path }: { readonly domain: string; readonly path: string },
  { places, launchctl, giveUpAt }: StartTools,
): Promise<BootstrapRefusal | null> {
  const { label } = places;
  const takeNoAfter = Math.min(performance.now() + refusedMs, giveUpAt);
  for (;;) {
    const answer = await launchctl(["bootstrap", domain, path], giveUpAt);
    if ((await places.findIn(domain, giveUpAt)) !== null) return null;
    if (answer.status === 0) {
      const reason = `\`${answer.line}\` said that it was done, but ${domain} has no job ${label} afterwards; \`plutil -lint ${path}\` may tell why`;
      return { reason, isNoSession: false };
    }
    // An unloading that is nearly over refuses for a moment what it takes right after.
    const mayPass = isUnderWay(answer) || answer.status === 5;
    if (!mayPass || performance.now() > takeNoAfter) {
      return { reason: explain(answer, { label, domain }), isNoSession: isNoSession(answer) };
    }
    await pause(5 * lookMs);
  }
}

/** Loading starts what has RunAtLoad or KeepAlive, in its own time. A job that has neither is started by hand. */
async function begin(
  { domain, startsItself }: { readonly domain: string; readonly startsItself: boolean },
  tools: StartTools,
): Promise<Refusal | null> {
  const { places, giveUpAt } = tools;
  const startsAt = Math.min(performance.now() + ownStartMs, giveUpAt);
  for (;;) {
    const job = (await places.findIn(domain, giveUpAt))?.job;
    if (job?.pid != null || (job?.runs ?? 0) > 0) return null;
    if (!(startsItself || job?.isKeptAlive === true) || performance.now() > startsAt) return kickstart(domain, tools);
    await pause(lookMs);
  }
}

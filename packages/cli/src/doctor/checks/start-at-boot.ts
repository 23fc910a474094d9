import { check } from "../check.ts";
import { findBootLines } from "../probes/boot-lines.ts";
import { isContainer } from "../probes/container.ts";
import { findJobs } from "../probes/launchd-jobs.ts";
import { unchecked, worthKnowing, type Remark } from "../remark.ts";

export interface BootFacts {
  /** Units, jobs and tables that start Midwatch; whether they are enabled is judged where they are. */
  readonly starters: readonly string[];
  readonly inContainer: boolean;
}

export const startAtBoot = check<BootFacts>({
  name: "boot",
  probe: async ({ config, runTool, units }) => {
    const jobs = process.platform === "darwin" ? await findJobs(runTool) : [];
    const own = await units();
    const lines = await findBootLines(config.file, runTool);
    return {
      starters: [...own.map(({ name }) => name), ...jobs.map(({ label }) => label), ...lines],
      inContainer: isContainer(),
    };
  },
  judge: judgeBoot,
});

export function judgeBoot({ starters, inContainer }: BootFacts): readonly Remark[] {
  if (starters.length > 0) return [];
  if (inContainer) {
    return [unchecked("boot", "a container can't see its own restart policy; see that it has one")];
  }
  return [
    worthKnowing({
      title: "nothing starts Midwatch when this machine boots",
      why: "There is no unit of systemd, no job of launchd, no line of cron and no compose file that does. After a reboot at night the agents stay down, and so does whoever would tell you.",
      fix: "`midwatch install` writes what this machine needs, and says how to switch it on.",
    }),
  ];
}

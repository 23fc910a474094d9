// Agents that Docker, systemd or launchd run: two that both want to restart the same thing fight, and a daemon that nobody can
// reach restarts nothing. What fights is the supervisor's own knowledge; here it is asked and worded.

import { upperFirst } from "@midwatch/core";
import { check } from "../check.ts";
import { bad, worthKnowing, type Remark } from "../remark.ts";

export interface KeptElsewhere {
  readonly agent: string;
  readonly platform: string;
  /** What the supervisor's driver says, or why it could not be asked. */
  readonly told:
    { readonly ok: true; readonly conflicts: readonly string[] } | { readonly ok: false; readonly why: string };
}

const limitMs = 15_000;

const properNames: Readonly<Record<string, string>> = { docker: "Docker" };

export const platforms = check<readonly KeptElsewhere[]>({
  name: "platforms",
  probe: ({ config, conflictsOf }) =>
    Promise.all(
      config.agents
        .filter(({ target }) => target.platform !== "process")
        .map(async (agent) => ({
          agent: agent.name,
          platform: agent.target.platform,
          told: await bounded(conflictsOf(agent)),
        })),
    ),
  judge: (all) => all.flatMap(judgePlatform),
});

export function judgePlatform({ agent, platform, told }: KeptElsewhere): readonly Remark[] {
  const name = properNames[platform] ?? platform;
  if (!told.ok) {
    return [
      bad({
        title: `${agent} can't be kept: ${name} does not answer`,
        why: sentence(told.why),
        fix: `See that ${name} runs and that the user Midwatch runs as may talk to it, or correct \`agents.${agent}.${platform}\`.`,
      }),
    ];
  }
  return told.conflicts.map((conflict) => {
    const { what, change } = parted(conflict);
    return worthKnowing({
      title: `${name} and Midwatch do not agree about ${agent}`,
      why: sentence(what),
      // Without a full stop: what ends a change is often a command, which is copied.
      fix: upperFirst(change === "" ? `correct \`agents.${agent}.${platform}\` in the file` : change),
    });
  });
}

/** Drivers say what is the matter, and then the change: in the next sentence, or behind a semicolon. */
function parted(conflict: string): { readonly what: string; readonly change: string } {
  const seam = /; |(?<=\.) (?=[A-Z])/.exec(conflict);
  if (seam === null) return { what: conflict, change: "" };
  return { what: conflict.slice(0, seam.index), change: conflict.slice(seam.index + seam[0].length) };
}

function sentence(clause: string): string {
  return `${upperFirst(clause)}${/[.!?]$/.test(clause) ? "" : "."}`;
}

async function bounded(asked: Promise<readonly string[]>): Promise<KeptElsewhere["told"]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<KeptElsewhere["told"]>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, why: "It was asked and did not answer in 15 seconds." }), limitMs);
  });
  const answer = asked.then(
    (conflicts): KeptElsewhere["told"] => ({ ok: true, conflicts }),
    (error: unknown): KeptElsewhere["told"] => ({
      ok: false,
      why: error instanceof Error ? error.message : String(error),
    }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

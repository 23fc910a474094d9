// What else would start, stop or replace a container, each with the change that ends it. Two that restart the same
// agent restart it twice, and neither knows how often.

import type { ContainerFacts } from "./container-facts.ts";
import { textAt } from "./engine-json.ts";

export function findConflicts(facts: ContainerFacts): readonly string[] {
  return [ownPolicy(facts), selfRemoval(facts), autoheal(facts), swarm(facts), compose(facts)].filter(
    (conflict) => conflict !== null,
  );
}

function ownPolicy({ name, restartPolicy, restartLimit, labels }: ContainerFacts): string | null {
  if (restartPolicy === "" || restartPolicy === "no") return null;
  const policy = restartLimit > 0 ? `${restartPolicy}:${restartLimit}` : restartPolicy;
  const service = textAt(labels, "com.docker.compose.service");
  const lasting = service === null ? "" : `, and in ${composeFile(labels)} set restart: "no" for ${service}`;
  return `container ${name} is also restarted by Docker itself (restart policy ${policy}), without cooldown and without end; leave that to Midwatch: docker update --restart=no ${name}${lasting}`;
}

function selfRemoval({ name, removesItself }: ContainerFacts): string | null {
  if (!removesItself) return null;
  return `container ${name} removes itself when it ends (--rm), so it can never be started again; create it anew without --rm`;
}

/** Both by the label that autoheal looks for unless it is told another. */
function autoheal({ name, labels }: ContainerFacts): string | null {
  const label = textAt(labels, "autoheal")?.toLowerCase();
  if (label === undefined || label === "false") return null;
  return `container ${name} is labelled for autoheal, which restarts it when it is unhealthy; leave that to Midwatch: create it anew without the label autoheal`;
}

function swarm({ name, labels }: ContainerFacts): string | null {
  const service = textAt(labels, "com.docker.swarm.service.name");
  if (service === null) return null;
  return `container ${name} is a task of the swarm service ${service}, which replaces it by another one under another name when it ends; run the agent as a container of its own`;
}

function compose({ name, labels }: ContainerFacts): string | null {
  const project = textAt(labels, "com.docker.compose.project");
  if (project === null) return null;
  return `container ${name} belongs to the compose project ${project}: docker compose up replaces it when ${composeFile(labels)} has changed, and docker compose down removes it; stop the agent by midwatch stop before either, and it is taken over again by its name`;
}

function composeFile(labels: ContainerFacts["labels"]): string {
  const files = textAt(labels, "com.docker.compose.project.config_files");
  return files === null || files === "" ? "the compose file" : files.slice(0, 200);
}

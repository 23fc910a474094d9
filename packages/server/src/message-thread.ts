import type { WebhookBody } from "@midwatch/protocol";

/**
 * What ties a message to the others about the same incident, for services that keep incidents by a key of ours. The supervisor's own
 * messages, sent when no server can, have no thread: there an agent has at most one open incident of a kind.
 */
export function threadKey({ type, thread, agent, kind, id }: WebhookBody): string {
  if (thread !== null) return thread;
  return type.startsWith("incident.") && agent !== null ? `${agent}:${kind ?? ""}` : id;
}

/** True for what opens, changes or closes an incident; false for reports, digests and tests. */
export function isAboutIncident({ type }: WebhookBody): boolean {
  return type.startsWith("incident.");
}

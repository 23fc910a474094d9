import type { WebhookBody } from "./api.ts";

type Named = "type" | "id" | "at" | "title" | "text";

/** A message that has only what every message has; what else is known is given with it. */
export function message(given: Pick<WebhookBody, Named> & Partial<WebhookBody>): WebhookBody {
  return {
    thread: null,
    agent: null,
    kind: null,
    severity: null,
    facts: [],
    log: [],
    members: [],
    acknowledged: null,
    url: null,
    actions: [],
    incident: null,
    ...given,
  };
}

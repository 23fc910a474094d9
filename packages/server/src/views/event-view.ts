import type { EventView } from "@midwatch/protocol";
import type { StoredEvent } from "@midwatch/store";
import { iso } from "./time.ts";

/** One line of an agent's history as the API shows it. */
export function eventView(event: StoredEvent): EventView {
  const { id, agent, at, kind, text, data } = event;
  return { id, agent, at: iso(at), kind, text, data: { ...data } };
}

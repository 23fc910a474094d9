import { HOUR, type DurationMs } from "@midwatch/core";
import { noLinks, type AlertLinks } from "../alerts/render-alert.ts";
import { sealLink, type LinkAction } from "./link-token.ts";
import { offeredActions, sharedBudgetOf, type AgentPlace } from "./offered-actions.ts";

/** From the message on: a long weekend. */
const lifeMs: DurationMs = 72 * HOUR;

/** What the button says. */
export const linkLabels: Readonly<Record<LinkAction, string>> = {
  acknowledge: "Acknowledge",
  silence: "Silence for an hour",
  restart: "Restart",
  resume: "Resume",
  "raise-cap": "Raise the cap",
  "accept-baseline": "Accept the new baseline",
};

/** Pages of the dashboard, and links that ask before they act. Without an address of this server there are none. */
export function createLinks(
  signed: { readonly publicUrl: string; readonly key: Buffer } | null,
  placeOf: (agent: string) => AgentPlace,
): AlertLinks {
  if (signed === null) return noLinks;
  const { key, publicUrl } = signed;
  const at = new URL(publicUrl).origin;
  return {
    page: ({ agent }) => `${at}/#/${agent === null ? "incidents" : `agents/${encodeURIComponent(agent)}`}`,
    actions: (alert, incident, channel) => {
      const { agent, thread, detail, id: message } = alert;
      const budget = sharedBudgetOf(detail);
      const about = budget === null ? (thread ?? "") : `budget:${budget}`;
      const place = agent === null ? { kept: false, paused: false } : placeOf(agent);
      return offeredActions(alert, incident, place).map((action) => {
        const token = sealLink(key, { action, about, agent, message, channel, until: alert.at + lifeMs });
        return { action, label: linkLabels[action], url: `${at}/act/${token}` };
      });
    },
  };
}

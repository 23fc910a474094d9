import type { Ms } from "@midwatch/core";
import { message, type WebhookBody } from "@midwatch/protocol";
import type { OutboxDraft, WrittenIds } from "@midwatch/store";
import { incidentSummary } from "../views/incident-view.ts";
import { iso } from "../views/time.ts";
import type { Notice } from "./fold-agents.ts";

/** Something to tell that is not about one agent: a common cause, a gap of the watcher itself. */
export interface Announcement {
  /** The idempotency key. */
  readonly id: string;
  readonly what: "opened" | "resolved";
  readonly kind: "silent" | "supervisor-lost" | "monitor-gap" | "budget-warning" | "budget-exceeded";
  readonly severity: "page" | "warn";
  readonly at: Ms;
  readonly title: string;
  readonly text: string;
}

/** One outbox row per channel for each notice; the incident's id is known only inside the transaction. */
export function draftNotices(notices: readonly Notice[], ids: WrittenIds, channels: readonly string[]): OutboxDraft[] {
  return notices.flatMap((notice) => {
    const incidentId = ids.incidentId(notice.agent, notice.incident.kind);
    const id = `inc_${incidentId}_${notice.what}`;
    const body = message({
      type: `incident.${notice.what}`,
      id,
      thread: `inc_${incidentId}`,
      at: iso(notice.at),
      agent: notice.agent,
      kind: notice.incident.kind,
      severity: notice.incident.severity,
      title: notice.title,
      text: notice.text,
      incident: incidentSummary(
        {
          id: incidentId,
          agent: notice.agent,
          incident: notice.incident,
          resolvedAt: notice.resolved?.at ?? null,
          resolvedBy: notice.resolved?.by ?? null,
        },
        notice.at,
      ),
    });
    return draftFor(body, notice.agent, notice.at, channels);
  });
}

export function draftAnnouncements(announcements: readonly Announcement[], channels: readonly string[]): OutboxDraft[] {
  return announcements.flatMap(({ id, what, kind, severity, at, title, text }) => {
    const body = message({ type: `incident.${what}`, id, at: iso(at), kind, severity, title, text });
    return draftFor(body, null, at, channels);
  });
}

function draftFor(body: WebhookBody, agent: string | null, at: Ms, channels: readonly string[]): OutboxDraft[] {
  return channels.map((channel) => ({ key: `${body.id}:${channel}`, channel, agent, at, body: { ...body } }));
}

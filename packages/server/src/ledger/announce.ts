import type { AlertNotice, Ms } from "@midwatch/core";
import type { NoticeDraft, WrittenIds } from "@midwatch/store";
import { incidentSummary } from "../views/incident-view.ts";
import type { Notice } from "./fold-agents.ts";

/** Something to tell that is not about one agent: a common cause, a gap of the watcher itself. */
export interface Announcement {
  /** The same from its opening to its end. */
  readonly thread: string;
  readonly what: "opened" | "raised" | "resolved";
  readonly kind: "silent" | "supervisor-lost" | "monitor-gap" | "budget-warning" | "budget-exceeded";
  readonly severity: "page" | "warn";
  readonly at: Ms;
  readonly title: string;
  readonly text: string;
  /** The budget that several agents share, when it is about one. */
  readonly budget?: string;
}

/** The incident's id is known only inside the transaction. */
export function draftNotices(
  notices: readonly Notice[],
  ids: WrittenIds,
  around: (agent: string) => Pick<AlertNotice, "host" | "tags"> & { readonly log: readonly string[] },
): NoticeDraft[] {
  return notices.map((notice) => {
    const { agent, what, at, title, text, incident, resolved, by } = notice;
    const id = ids.incidentId(agent, incident.kind);
    const summary = incidentSummary(
      { id, agent, incident, resolvedAt: resolved?.at ?? null, resolvedBy: resolved?.by ?? null },
      at,
    );
    const { log, ...place } = around(agent);
    return draft({
      ...{ what, at, agent, title, text, by },
      thread: `inc_${id}`,
      since: incident.since,
      kind: incident.kind,
      severity: incident.severity,
      ...place,
      detail: { incident: summary, ...(log.length === 0 ? {} : { log }) },
    });
  });
}

export function draftAnnouncements(announcements: readonly Announcement[]): NoticeDraft[] {
  return announcements.map(({ thread, what, kind, severity, at, title, text, budget }) =>
    draft({
      ...{ thread, what, at, kind, severity, title, text },
      since: at,
      ...{ agent: null, host: null, tags: [], by: null, detail: budget === undefined ? {} : { budget } },
    }),
  );
}

function draft(notice: AlertNotice): NoticeDraft {
  return { key: `${notice.thread}_${notice.what}_${notice.at}`, at: notice.at, body: { ...notice } };
}

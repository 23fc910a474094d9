import type { AlertNotice, Ms } from "@midwatch/core";
import { message, type IncidentSummary } from "@midwatch/protocol";
import type { OutboxDraft, Store } from "@midwatch/store";
import { iso } from "../views/time.ts";
import { noticeOf } from "./notice-of.ts";

export interface DeskDeps {
  readonly store: Pick<Store, "desk">;
  readonly now: () => Ms;
  readonly alertsTo: readonly string[];
  readonly wakeDelivery: () => void;
}

export interface Desk {
  readonly wake: () => void;
  idle(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export function createDesk({ store, now, alertsTo, wakeDelivery }: DeskDeps): Desk {
  let working: Promise<void> = Promise.resolve();
  const work = async (): Promise<void> => {
    await store.desk({ now: now(), limit: 2_000 }, ({ notices }) => ({
      rows: [],
      drop: [],
      outbox: notices.flatMap((row) => drafts(noticeOf(row), alertsTo)),
      facts: [],
    }));
    wakeDelivery();
  };
  const wake = (): void => {
    working = working.then(work).catch(() => undefined);
  };
  return { wake, idle: () => working, start: wake, stop: () => working };
}

function drafts(notice: AlertNotice, channels: readonly string[]): OutboxDraft[] {
  const { what, thread, at, agent, kind, severity, title, text, detail } = notice;
  const type = what === "acknowledged" ? "incident.updated" : (`incident.${what}` as const);
  const id = `${thread}_${what}`;
  const incident = (detail["incident"] ?? null) as IncidentSummary | null;
  const body = message({ type, id, thread, at: iso(at), agent, kind, severity, title, text, incident });
  return channels.map((channel) => ({ key: `${id}:${channel}`, channel, agent, thread, at, body: { ...body } }));
}

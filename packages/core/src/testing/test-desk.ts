import { HOUR, SECOND, type Ms } from "../time.ts";
import { sitDown } from "../alerts/desk.ts";
import type { AlertMessage } from "../alerts/message.ts";
import type { AlertNotice } from "../alerts/notice.ts";
import type { AlertRoute, AlertRules } from "../alerts/rules.ts";
import type { DeskEntry } from "../alerts/sitting.ts";

export const morning: Ms = Date.UTC(2026, 10, 24, 3);

export const plainRoute: AlertRoute = { name: "default", steps: [{ afterMs: 0, to: ["me"] }], remindMs: null };

/** A desk whose rules a test changes as it goes, and whose clock stands until it is moved. */
export class TestDesk {
  now: Ms = morning;
  rules: AlertRules = {
    routeOf: () => plainRoute,
    mutedBy: () => null,
    quietUntil: () => null,
    downBefore: () => [],
    fleet: () => ({ up: 100, silentLately: 0 }),
    canUpdate: (channel) => channel === "chat",
    hearsAcknowledgements: (channel) => channel === "chat" || channel === "pager",
    gatherMs: 2 * SECOND,
    flapping: { opens: 4, withinMs: HOUR },
  };
  readonly said: AlertMessage[] = [];
  readonly rows = new Map<string, DeskEntry>();
  #incidents = 0;

  set(rules: Partial<AlertRules>): void {
    this.rules = { ...this.rules, ...rules };
  }

  /** Opens an incident; the returned notice is what later ones continue. */
  open(agent: string, more: Partial<AlertNotice> = {}): AlertNotice {
    const notice = this.notice(agent, more);
    this.take(notice);
    return notice;
  }

  notice(agent: string | null, more: Partial<AlertNotice> = {}): AlertNotice {
    this.#incidents += 1;
    return {
      what: "opened",
      thread: `inc_${this.#incidents}`,
      at: this.now,
      since: this.now,
      agent,
      kind: "silent",
      severity: "page",
      title: "silent",
      text: "Two beats missed.",
      host: null,
      tags: [],
      by: null,
      detail: {},
      ...more,
    };
  }

  then(notice: AlertNotice, what: AlertNotice["what"], more: Partial<AlertNotice> = {}): void {
    this.take({ ...notice, what, at: this.now, ...more });
  }

  take(...notices: readonly AlertNotice[]): void {
    this.#sit(notices);
  }

  /** Moves the clock, stopping wherever something is due. */
  later(ms: number): void {
    const end = this.now + ms;
    for (let sittings = 0; sittings < 10_000; sittings += 1) {
      const next = Math.min(...[...this.rows.values()].map(({ nextAt }) => nextAt ?? Infinity));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.#sit([]);
    }
    this.now = end;
  }

  /** What was said since the last time this was asked: "me opened inc_1". */
  heard(): string[] {
    return this.said
      .splice(0)
      .flatMap(({ what, thread, channels }) => channels.map((channel) => `${channel} ${what} ${thread ?? ""}`.trim()));
  }

  #sit(notices: readonly AlertNotice[]): void {
    const due = [...this.rows.values()].filter(({ nextAt }) => nextAt !== null && nextAt <= this.now);
    const read = (key: string): DeskEntry | null => this.rows.get(key) ?? null;
    const { rows, messages } = sitDown({ now: this.now, notices, due, read }, this.rules);
    this.said.push(...messages);
    for (const [key, entry] of rows) {
      if (entry === null) this.rows.delete(key);
      // Through JSON, as in a store.
      else this.rows.set(key, JSON.parse(JSON.stringify(entry)) as DeskEntry);
    }
  }
}

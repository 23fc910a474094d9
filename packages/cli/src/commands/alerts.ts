// Commands about alerts: silences, channels, and what was sent through them.

import { spellDuration, upperFirst } from "@midwatch/core";
import type { ChannelTestAnswer, ChannelView, NotificationView, SilenceView } from "@midwatch/protocol";
import { call, callPages, type Target } from "../client.ts";
import { CommandFailure } from "../failure.ts";
import { ago, clean, table } from "../terminal.ts";

export interface SilenceAsked {
  readonly tag?: string[];
  readonly kind?: string[];
  readonly everything?: boolean;
  readonly for: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/** `midwatch silence AGENT… --for 1h`. */
export async function silence(target: Target, agents: readonly string[], asked: SilenceAsked): Promise<void> {
  const made = await call<SilenceView>(target, "POST", "/api/v1/silences", {
    ...(agents.length === 0 ? {} : { agents }),
    ...(asked.tag === undefined ? {} : { tags: asked.tag }),
    ...(asked.kind === undefined ? {} : { kinds: asked.kind }),
    ...(asked.everything === true ? { everything: true } : {}),
    for: asked.for,
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
  });
  if (asked.json === true) {
    print(JSON.stringify(made, null, 2));
    return;
  }
  print(
    `Silence ${made.id}: nobody is told of ${meantBy(made)} until ${made.until}. End it with: midwatch unsilence ${made.id}`,
  );
}

export async function unsilence(target: Target, id: number): Promise<void> {
  const { message } = await call<{ message: string }>(target, "DELETE", `/api/v1/silences/${id}`);
  print(`${upperFirst(message)}.`);
}

/** `midwatch silences`. */
export async function showSilences(target: Target, json: boolean): Promise<void> {
  const { items } = await call<{ items: SilenceView[] }>(target, "GET", "/api/v1/silences");
  if (json) {
    print(JSON.stringify(items, null, 2));
    return;
  }
  if (items.length === 0) {
    print("Nothing is silenced.");
    return;
  }
  print(
    table(
      items.map((one) => [`${one.id}`, `until ${one.until}`, meantBy(one), `by ${clean(one.by)}`, clean(one.reason)]),
    ),
  );
}

/** `midwatch channel list`. */
export async function showChannels(target: Target, json: boolean): Promise<void> {
  const { items } = await call<{ items: ChannelView[] }>(target, "GET", "/api/v1/channels");
  if (json) {
    print(JSON.stringify(items, null, 2));
    return;
  }
  if (items.length === 0) {
    print("No channel is set up. docs/alerts.md shows how.");
    return;
  }
  print(table(items.map((one) => [one.name, one.type, healthOf(one)])));
}

/** `midwatch channel test NAME`: fails when the channel does. */
export async function testChannel(target: Target, name: string, json: boolean): Promise<void> {
  const path = `/api/v1/channels/${encodeURIComponent(name)}/test`;
  const { ok, message } = await call<ChannelTestAnswer>(target, "POST", path);
  if (json) print(JSON.stringify({ ok, message }, null, 2));
  if (!ok) throw new CommandFailure(1, `The channel "${name}" did not deliver: ${clean(message)}`);
  if (!json) print(`${clean(message)}. Look whether it has arrived.`);
}

/** `midwatch notifications`: newest last, the way a log reads. */
export async function showNotifications(
  target: Target,
  asked: {
    readonly channel?: string;
    readonly agent?: string;
    readonly failed?: boolean;
    readonly limit: number;
    readonly json?: boolean;
  },
): Promise<void> {
  const query = new URLSearchParams();
  if (asked.channel !== undefined) query.set("channel", asked.channel);
  if (asked.agent !== undefined) query.set("agent", asked.agent);
  if (asked.failed === true) query.set("state", "failed");
  const text = query.toString();
  const path = `/api/v1/notifications${text === "" ? "" : `?${text}`}`;
  const items = await callPages<NotificationView>(target, path, asked.limit);
  if (asked.json === true) {
    print(JSON.stringify(items, null, 2));
    return;
  }
  if (items.length === 0) {
    print("Nothing was sent that fits.");
    return;
  }
  print(table(items.toReversed().map(notificationCells)));
}

function notificationCells(one: NotificationView): string[] {
  const last = one.attempts.at(-1);
  const tries = one.attempts.length > 1 ? `after ${one.attempts.length} tries` : "";
  const trouble = last?.error === null || last === undefined ? "" : clean(last.error);
  return [
    one.at,
    one.channel,
    [one.state, tries].filter((part) => part !== "").join(" "),
    `${one.agent === null ? "" : `${clean(one.agent)}: `}${clean(one.title)}${trouble === "" ? "" : ` (${trouble})`}`,
  ];
}

function healthOf({ failing_since, error, waiting, oldest_s, failed }: ChannelView): string {
  const words = [
    failing_since === null
      ? "works"
      : `does not deliver since ${ago(failing_since, Date.now(), spellDuration)}: ${clean(error ?? "")}`,
    ...(waiting === 0 ? [] : [`${waiting} waiting, the oldest for ${spellDuration(oldest_s * 1_000)}`]),
    ...(failed === 0 ? [] : [`${failed} given up`]),
  ];
  return words.join("; ");
}

function meantBy({ agents, tags, kinds }: SilenceView): string {
  const parts = [
    ...(agents.length === 0 ? [] : [agents.map(clean).join(", ")]),
    ...(tags.length === 0 ? [] : [`tagged ${tags.map(clean).join(" or ")}`]),
    ...(kinds.length === 0 ? [] : [`of kind ${kinds.join(" or ")}`]),
  ];
  return parts.length === 0 ? "anything" : parts.join(" ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

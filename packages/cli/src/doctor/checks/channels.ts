// A channel that does not work is worse than none: everybody takes its silence for good news. So each is opened as the server
// opens it, its host is looked up, what the outbox says of its last days is read, and on request a message goes through it.

import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DAY, MINUTE, spellDuration, type Ms } from "@midwatch/core";
import { message, type WebhookBody } from "@midwatch/protocol";
import { createChannel } from "@midwatch/server/channels";
import { openSqliteStore, type OutboxRow } from "@midwatch/store";
import { check } from "../check.ts";
import { bad, unchecked, worthKnowing, type Remark } from "../remark.ts";
import type { World } from "../world.ts";

export interface ChannelFacts {
  readonly name: string;
  readonly type: string;
  /** Alerts go there; else it is only for the report, or for nothing. */
  readonly alerts: boolean;
  readonly reports: boolean;
  /** What is wrong with its settings. */
  readonly faults: readonly string[];
  /** Why its host has no address; null when it has one, or needs none. */
  readonly unresolved: string | null;
  /** What became of the test message; null when none was asked for. */
  readonly test: { readonly sent: true } | { readonly sent: false; readonly error: string } | null;
  readonly outbox: OutboxWord | null;
}

/** What the outbox of the server tells of one channel, of the last week. */
export interface OutboxWord {
  /** Given up since something last got through. */
  readonly failed: number;
  /** Not delivered after several tries. */
  readonly struggling: number;
  readonly oldestWaitingMs: number;
  readonly lastError: string | null;
}

export interface ChannelsFacts {
  readonly channels: readonly ChannelFacts[];
  /** Why the outbox could not be read; null when it was, or when there is none. */
  readonly outboxUnread: string | null;
}

const lookupMs = 5_000;
const testMs = 20_000;
const recentMs = 7 * DAY;
const rowsRead = 500;
const manyAttempts = 3;
/** A notification is tried at once; one that waits so long has had trouble. */
const longWaitMs = 10 * MINUTE;

export const channels = check<ChannelsFacts>({ name: "channels", probe, judge: judgeChannels });

export function judgeChannels({ channels: all, outboxUnread }: ChannelsFacts): readonly Remark[] {
  const remarks: Remark[] =
    outboxUnread === null ? [] : [unchecked("what the channels delivered lately", outboxUnread)];
  if (!all.some(({ alerts, type }) => alerts && type !== "console")) remarks.push(nobodyIsTold(all));
  return [...remarks, ...all.flatMap(judgeChannel)];
}

function nobodyIsTold(all: readonly ChannelFacts[]): Remark {
  const named = all.filter(({ type }) => type !== "console").map(({ name }) => name);
  return bad({
    title: "no alert leaves this machine",
    why:
      named.length === 0
        ? "The file has no channel, so alerts go to the terminal that Midwatch was started in. At three in the morning nobody reads that."
        : "The file has channels, and alerts: names none of them, so alerts go to the terminal only.",
    fix:
      named.length === 0
        ? 'Add one, with a topic of your own that nobody can guess:\n  channels:\n    phone: { type: ntfy, url: "https://ntfy.sh/a-topic-of-your-own" }\n  alerts: { to: [phone] }'
        : `In the file:\n  alerts: { to: [${named.join(", ")}] }`,
  });
}

function judgeChannel(channel: ChannelFacts): readonly Remark[] {
  const { name, alerts, reports, faults, unresolved, test, outbox } = channel;
  if (faults.length > 0) {
    return [
      bad({
        title: `the channel "${name}" can't be used`,
        why: `${faults.join("; ")}. The server refuses to start with it.`,
        fix: `Correct \`channels.${name}\` in the file.`,
      }),
    ];
  }
  const remarks: Remark[] = [];
  if (!alerts && !reports) {
    remarks.push(
      worthKnowing({
        title: `nothing is sent to the channel "${name}"`,
        why: "It stands under channels:, and neither alerts: nor report: names it.",
        fix: `Add it, \`alerts: { to: [..., ${name}] }\`, or remove it.`,
      }),
    );
  }
  if (unresolved !== null) {
    remarks.push(
      bad({
        title: `the address of the channel "${name}" does not resolve`,
        why: `${unresolved}. Nothing can be sent to it from here.`,
        fix: `Correct the host under \`channels.${name}\`, or this machine's name service (/etc/resolv.conf).`,
      }),
    );
  }
  if (test?.sent === false) {
    remarks.push(
      bad({
        title: `the test message did not get through the channel "${name}"`,
        why: `${test.error}.`,
        fix: `Correct \`channels.${name}\`, then try again: \`midwatch doctor --send-test\`.`,
      }),
    );
  }
  return outbox === null ? remarks : [...remarks, ...judgeOutbox(name, outbox)];
}

function judgeOutbox(name: string, { failed, struggling, oldestWaitingMs, lastError }: OutboxWord): readonly Remark[] {
  const said = lastError === null ? "" : ` It was told last: ${lastError.replace(/\.$/, "")}.`;
  const fix = `Correct \`channels.${name}\`, start the server again, then: \`midwatch doctor --send-test\`.`;
  if (failed > 0) {
    return [
      bad({
        title: `the channel "${name}" has lost ${failed === 1 ? "a notification" : `${failed} notifications`} this week`,
        why: `They were given up, and nothing has got through since.${said}`,
        fix,
      }),
    ];
  }
  if (struggling === 0 && oldestWaitingMs < longWaitMs) return [];
  return [
    bad({
      title: `the channel "${name}" is not delivering now`,
      why: `The oldest notification has waited for ${spellDuration(oldestWaitingMs)}.${said} It is tried for a day, then given up.`,
      fix,
    }),
  ];
}

async function probe(world: World): Promise<ChannelsFacts> {
  const { config, sendTest } = world;
  const outbox = await readOutbox(config.server.dataDir, world.now());
  const all = Object.entries(config.channels).map(async ([name, settings]): Promise<ChannelFacts> => {
    const { allowExec } = config.server;
    const opened = createChannel(name, settings, { stream: process.stderr, now: world.now, allowExec });
    const message = testMessage(world.now());
    return {
      name,
      type: typeof settings["type"] === "string" ? settings["type"] : "",
      alerts: config.alertsTo.includes(name),
      reports: config.report?.to.includes(name) ?? false,
      faults: opened.ok ? [] : opened.errors.map(({ path, message: wrong }) => `${path} ${wrong}`),
      unresolved: opened.ok ? await lookUp(hostOf(settings)) : null,
      test: opened.ok && sendTest ? await opened.channel.send(message, AbortSignal.timeout(testMs)) : null,
      outbox: outbox.read
        ? wordOf(
            outbox.rows.filter(({ channel }) => channel === name),
            world.now(),
          )
        : null,
    };
  });
  return { channels: await Promise.all(all), outboxUnread: outbox.read ? null : outbox.because };
}

function testMessage(now: Ms): WebhookBody {
  return message({
    type: "test",
    id: `test:${now}`,
    at: new Date(now).toISOString(),
    severity: "info",
    title: "a test: this channel works",
    text: "Somebody ran `midwatch doctor --send-test`. Nothing is wrong, and nothing is to be done.",
  });
}

/** Most channels have a URL; e-mail has the name of a server. */
function hostOf({ url, host }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof url === "string") return URL.parse(url)?.hostname;
  return typeof host === "string" ? host : undefined;
}

async function lookUp(host: string | undefined): Promise<string | null> {
  if (host === undefined || host === "") return null;
  const late = AbortSignal.timeout(lookupMs);
  try {
    await Promise.race([
      lookup(host.replace(/^\[|\]$/g, "")),
      new Promise((_, reject) => late.addEventListener("abort", () => reject(new Error("no answer in 5 seconds")))),
    ]);
    return null;
  } catch (error) {
    return `${host}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type Outbox =
  { readonly read: true; readonly rows: readonly OutboxRow[] } | { readonly read: false; readonly because: string };

async function readOutbox(dataDir: string, now: Ms): Promise<Outbox> {
  const file = join(dataDir, "midwatch.db");
  if (!existsSync(file)) return { read: true, rows: [] };
  try {
    const store = await openSqliteStore({ file, readOnly: true, busyTimeoutMs: 2_000 });
    try {
      const states = ["failed", "waiting", "sent"] as const;
      const pages = await Promise.all(states.map((state) => store.outbox({ state, limit: rowsRead, cursor: null })));
      return { read: true, rows: pages.flatMap(({ items }) => items).filter(({ at }) => now - at < recentMs) };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { read: false, because: error instanceof Error ? error.message : String(error) };
  }
}

/** Rows count by the time of their decision; what got through forgives what was lost before. */
export function wordOf(rows: readonly OutboxRow[], now: Ms): OutboxWord {
  const lastSent = Math.max(0, ...rows.filter(({ state }) => state === "sent").map(({ at }) => at));
  const failed = rows.filter(({ state, at }) => state === "failed" && at > lastSent);
  const waiting = rows.filter(({ state }) => state === "waiting");
  const troubled = [...waiting, ...failed].find(({ lastError }) => lastError !== null);
  return {
    failed: failed.length,
    struggling: waiting.filter(({ attempts }) => attempts >= manyAttempts).length,
    oldestWaitingMs: Math.max(0, ...waiting.map(({ at }) => now - at)),
    lastError: troubled?.lastError ?? null,
  };
}

import type { Ms } from "@midwatch/core";
import { message, type WebhookBody } from "@midwatch/protocol";
import type { OutboxDraft, Store } from "@midwatch/store";
import { headline } from "../message-text.ts";
import { draftOf } from "./stored-message.ts";

/*
 * A channel that fails for good is worse than none: everybody believes that silence means "all is well". So the first
 * notification it loses marks it and is reported through another channel, once. The mark is a stored fact and ends with
 * the next message that gets through; a later failure is then a new one and is reported again.
 */

/** What is remembered of a channel. `episode` counts how often it came back, and names the report about it. */
export interface ChannelHealth {
  readonly failing: boolean;
  readonly episode: number;
  /** When it failed for good, and why; null while it works. */
  readonly since: Ms | null;
  readonly error: string | null;
}

const healthy: ChannelHealth = { failing: false, episode: 0, since: null, error: null };

type HealthStore = Pick<Store, "fact" | "putFact" | "addOutbox">;

export async function readChannelHealth(store: Pick<Store, "fact">, channel: string): Promise<ChannelHealth> {
  const stored = await store.fact(keyOf(channel));
  return stored === null ? healthy : { ...healthy, ...(JSON.parse(stored) as Partial<ChannelHealth>) };
}

export interface HealthKeeper {
  worked(channel: string): Promise<void>;
  /** Marks the channel and writes the report about it; the report's key makes a second call harmless. */
  failedForGood(failure: { channel: string; lost: WebhookBody | null; error: string; at: Ms }): Promise<void>;
}

/** `channels` in the order in which they are asked to report on each other. */
export function createHealthKeeper(store: HealthStore, channels: readonly string[]): HealthKeeper {
  const known = new Map<string, ChannelHealth>();

  async function health(channel: string): Promise<ChannelHealth> {
    const read = known.get(channel) ?? (await readChannelHealth(store, channel));
    known.set(channel, read);
    return read;
  }

  async function put(channel: string, next: ChannelHealth): Promise<void> {
    await store.putFact(keyOf(channel), JSON.stringify(next));
    known.set(channel, next);
  }

  return {
    worked: async (channel) => {
      const { failing, episode } = await health(channel);
      if (failing) await put(channel, { ...healthy, episode: episode + 1 });
    },
    failedForGood: async ({ channel, lost, error, at }) => {
      const now = await health(channel);
      if (now.failing) return;
      const reporter = await firstWorking(
        channels.filter((other) => other !== channel),
        health,
      );
      if (reporter !== null)
        await store.addOutbox([reportOn({ channel, lost, error, at, reporter, episode: now.episode })]);
      await put(channel, { failing: true, episode: now.episode, since: at, error });
    },
  };
}

async function firstWorking(
  channels: readonly string[],
  health: (channel: string) => Promise<ChannelHealth>,
): Promise<string | null> {
  for (const channel of channels) if (!(await health(channel)).failing) return channel;
  return null;
}

function reportOn(failure: {
  readonly channel: string;
  readonly lost: WebhookBody | null;
  readonly error: string;
  readonly at: Ms;
  readonly reporter: string;
  readonly episode: number;
}): OutboxDraft {
  const { channel, lost, error, at, reporter, episode } = failure;
  const report = message({
    type: "incident.opened",
    id: `channel-failing:${channel}:${episode}`,
    at: new Date(at).toISOString(),
    kind: "channel-failing",
    severity: lost?.severity === "page" ? "page" : "warn",
    title: `the channel "${channel}" does not deliver`,
    text: [
      `${error}.`,
      lost === null ? "A message was lost." : `Lost: ${headline(lost)}`,
      `Please check "${channel}" under "channels:" in the configuration. New messages still try it; it is not reported again until one got through.`,
    ].join("\n"),
  });
  return draftOf(report, reporter, at);
}

function keyOf(channel: string): string {
  return `channel:${channel}`;
}

import type { ChannelResult, ChannelSurroundings } from "./channel.ts";
import { createConsoleChannel } from "./console/console-channel.ts";
import { createDiscordChannel } from "./discord/discord-channel.ts";
import { createEmailChannel } from "./email/email-channel.ts";
import { createExecChannel } from "./exec/exec-channel.ts";
import { createMatrixChannel } from "./matrix/matrix-channel.ts";
import { createNtfyChannel } from "./ntfy/ntfy-channel.ts";
import { createOpsgenieChannel } from "./opsgenie/opsgenie-channel.ts";
import { createPagerDutyChannel } from "./pagerduty/pagerduty-channel.ts";
import { createPushoverChannel } from "./pushover/pushover-channel.ts";
import { createSlackChannel } from "./slack/slack-channel.ts";
import { createTeamsChannel } from "./teams/teams-channel.ts";
import { createTelegramChannel } from "./telegram/telegram-channel.ts";
import { createWebhookChannel } from "./webhook/webhook-channel.ts";

type CreateChannel = (
  name: string,
  config: Readonly<Record<string, unknown>>,
  surroundings: ChannelSurroundings,
) => ChannelResult;

/** Every type of channel there is. To add one: copy a folder, and name it here. */
const types: ReadonlyMap<string, CreateChannel> = new Map([
  ["console", createConsoleChannel],
  ["webhook", createWebhookChannel],
  ["ntfy", createNtfyChannel],
  ["email", createEmailChannel],
  ["slack", createSlackChannel],
  ["discord", createDiscordChannel],
  ["telegram", createTelegramChannel],
  ["teams", createTeamsChannel],
  ["matrix", createMatrixChannel],
  ["pagerduty", createPagerDutyChannel],
  ["opsgenie", createOpsgenieChannel],
  ["pushover", createPushoverChannel],
  ["exec", createExecChannel],
]);

/** The values `type` may have. */
export const channelTypes: readonly string[] = [...types.keys()];

/** Makes the channel an operator wrote under `channels:`, or says everything that is wrong with what was written. */
export function createChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  surroundings: ChannelSurroundings,
): ChannelResult {
  const create = typeof config["type"] === "string" ? types.get(config["type"]) : undefined;
  if (create !== undefined) return create(name, config, surroundings);
  const message = `must be one of ${channelTypes.join(", ")}`;
  return { ok: false, errors: [{ path: `channels.${name}.type`, message }] };
}

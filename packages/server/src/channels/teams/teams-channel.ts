import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { oneLine } from "../../message-text.ts";
import { answerFields, fieldsOf } from "../outgoing/answer-fields.ts";
import { createPoster, type Answer } from "../outgoing/post.ts";
import { renderTeams } from "./teams-message.ts";

/**
 * Posts a card to a Teams channel or chat, through a workflow that begins "when a Teams webhook request is received". A workflow hands
 * back nothing that names the card, so it cannot be changed later.
 *
 * Settings: `url` (the workflow's); `allow_private` (default false).
 */
export function createTeamsChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const url = settings.url("url", allowPrivate);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json" };
  const send = async (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> => {
    const { answer, ...outcome } = await post({ url, headers, body: renderTeams(message), signal });
    return judge(url.host, outcome, answer);
  };
  return { ok: true, channel: { name, send } };
}

function judge(host: string, outcome: SendOutcome, answer: Answer | undefined): SendOutcome {
  if (answer === undefined) return outcome;
  if (outcome.sent) {
    // A workflow accepts with 202. Old connectors answer 200 to everything: "1" is their receipt, other words are their error.
    if (answer.status === 202 || answer.body.trim() === "" || answer.body.trim() === "1") return outcome;
    return {
      sent: false,
      retry: true,
      error: `${host} answered ${answer.status}, but not with a receipt: ${answer.said}`,
    };
  }
  const { code, message } = fieldsOf(answerFields(answer)["error"]);
  if (typeof code !== "string") return outcome;
  const hint = hints.get(code);
  const words = typeof message === "string" ? oneLine(message).slice(0, 200) : "";
  return {
    ...outcome,
    error: `${host} answered ${answer.status}: ${hint ?? `${oneLine(code).slice(0, 100)} ${words}`.trim()}`,
  };
}

/** What a workflow answers with that a person can do something about. */
const hints: ReadonlyMap<string, string> = new Map([
  ["WorkflowNotFound", "the workflow was deleted: make a new one and put its address into `url`"],
  ["WorkflowTriggerIsNotEnabled", "the workflow is turned off: turn it on in Power Automate"],
  ["DirectApiAuthorizationRequired", "the address lacks its signature: copy the whole of it into `url`, up to its end"],
  ["AuthorizationFailed", "the signature at the end of `url` is wrong: copy the workflow's address again"],
  [
    "TriggerInputSchemaMismatch",
    'the workflow expects something else: make it from the template "Send webhook alerts to a channel"',
  ],
]);

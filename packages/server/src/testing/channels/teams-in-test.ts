import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export interface TeamsInTest extends StandIn {
  readonly url: string;
  readonly cards: Card[];
}

export interface Card {
  readonly body: readonly Element[];
  readonly fallbackText?: string;
}

export interface Element {
  readonly type: string;
  readonly style?: string;
  readonly items?: readonly Element[];
  readonly inlines?: readonly { readonly type: string; readonly text: string; readonly fontType?: string }[];
  readonly actions?: readonly { readonly type: string; readonly title: string; readonly url: string }[];
}

const path = "/powerautomate/automations/direct/workflows/0011223344556677/triggers/manual/paths/invoke";
const signature = "Q1ZpLXlkb25vdC1ndWVzcw";

/** A workflow of Power Automate that posts cards, on the loopback. It also reads the card as strictly as Teams does. */
export async function startTeams(): Promise<TeamsInTest> {
  const cards: Card[] = [];
  const standIn = await startStandIn((request) => answerTo(request, cards), { "content-type": "application/json" });
  return {
    ...standIn,
    url: `http://${standIn.host}${path}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${signature}`,
    cards,
  };
}

export function workflowError(status: number, code: string, message: string): StandInAnswer {
  return { status, body: JSON.stringify({ error: { code, message } }) };
}

function answerTo(request: Received, cards: Card[]): StandInAnswer {
  const url = new URL(request.path, "http://teams.test");
  if (url.pathname !== path) return workflowError(404, "WorkflowNotFound", "The workflow could not be found.");
  const given = url.searchParams.get("sig");
  if (given === null) return workflowError(401, "DirectApiAuthorizationRequired", "The request must be authenticated.");
  if (given !== signature)
    return workflowError(403, "AuthorizationFailed", "The authentication credentials are not valid.");
  if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
    return workflowError(400, "TriggerInputSchemaMismatch", "The input body for trigger 'manual' is not JSON.");
  }
  if (Buffer.byteLength(request.body) > 28 * 1_024) return workflowError(413, "RequestEntityTooLarge", "Too large.");
  const message = JSON.parse(request.body) as {
    readonly type: string;
    readonly attachments: readonly {
      readonly contentType: string;
      readonly content: Card & { readonly type: string; readonly version: string };
    }[];
  };
  const [attachment] = message.attachments;
  const wrong =
    message.type !== "message" ||
    attachment?.contentType !== "application/vnd.microsoft.card.adaptive" ||
    attachment.content.type !== "AdaptiveCard" ||
    !["1.2", "1.3", "1.4"].includes(attachment.content.version) ||
    !attachment.content.body.every(isElement);
  if (wrong) return workflowError(400, "TriggerInputSchemaMismatch", "The card is not one.");
  cards.push(attachment.content);
  return { status: 202, body: "" };
}

function isElement({ type, items = [], inlines = [], actions = [] }: Element): boolean {
  if (type === "Container") return items.length > 0 && items.every(isElement);
  if (type === "RichTextBlock") {
    return (
      inlines.length > 0 &&
      inlines.every((run) => run.type === "TextRun" && run.text !== "" && !run.text.includes("\n"))
    );
  }
  const isAction = (one: (typeof actions)[number]): boolean =>
    one.type === "Action.OpenUrl" && one.title !== "" && URL.canParse(one.url);
  return type === "ActionSet" && actions.length > 0 && actions.length <= 6 && actions.every(isAction);
}

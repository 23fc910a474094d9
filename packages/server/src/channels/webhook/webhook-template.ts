import { message as messageOf, type WebhookBody } from "@midwatch/protocol";
import { summarize, summaryLines } from "../../message-summary.ts";
import { headline } from "../../message-text.ts";

/*
 * A body of the operator's own: text with names in double braces. `{{title}}` is put in as it is, `{{title | json}}` as JSON with its
 * quotes, so that nothing an agent wrote can break out of its place. There are no conditions and no loops; who needs them
 * takes the whole message and a program. What is put in is not looked at again.
 */

/** The values that a template may name; texts, or what JSON has. */
type Values = Readonly<Record<string, unknown>>;

function valuesOf(message: WebhookBody): Values {
  const { type, id, thread, at, agent, kind, severity, title, text, facts, log, members, url, actions } = message;
  const urlOf = (action: string): string | null => actions.find((one) => one.action === action)?.url ?? null;
  return {
    ...{ type, id, thread, at, agent, kind, severity, title, text, url },
    headline: headline(message),
    facts: Object.fromEntries(facts.map(({ label, value }) => [label, value])),
    log,
    members,
    acknowledge_url: urlOf("acknowledge"),
    silence_url: urlOf("silence"),
    message,
  };
}

export const templateNames: readonly string[] = Object.keys(
  valuesOf(messageOf({ type: "test", id: "", at: "", title: "", text: "" })),
);

export type WebhookTemplate = (message: WebhookBody) => string;

export type ReadTemplate =
  | { readonly ok: true; readonly render: WebhookTemplate }
  /** For people: what is wrong and what to write instead. Does not repeat the template, which may hold a key. */
  | { readonly ok: false; readonly wrong: string };

/** One name and perhaps a filter, in braces. */
const place = /\{\{(.*?)\}\}/gs;

/** Reads a template and tries it out: one for JSON must make JSON of a message with everything, and of one with next to nothing. */
export function readTemplate(template: string, isJson: boolean): ReadTemplate {
  const wrong = [...template.matchAll(place)]
    .map(([, inside = ""]) => wrongWith(inside.trim()))
    .find((one) => one !== null);
  if (wrong !== undefined) return { ok: false, wrong };
  if (/\{\{/.test(template.replaceAll(place, "")))
    return { ok: false, wrong: 'opens "{{" somewhere and does not close it' };
  const render: WebhookTemplate = (message) => fill(template, message);
  if (!isJson || [everything, littleElse].every((message) => isJsonText(render(message)))) return { ok: true, render };
  const bare = [...template.matchAll(place)]
    .map(([, inside = ""]) => inside.trim())
    .find((inside) => !inside.includes("|"));
  const advice = `Write {{${bare ?? "title"} | json}}, without quotes around it, or say what the template makes with \`content_type\``;
  return { ok: false, wrong: `does not make JSON of every message. ${advice}` };
}

function wrongWith(inside: string): string | null {
  const [name = "", filter, ...more] = inside.split("|").map((part) => part.trim());
  if (!templateNames.includes(name))
    return `names "${name.slice(0, 40)}", which no message has; there are ${templateNames.join(", ")}`;
  if ((filter === undefined || filter === "json") && more.length === 0) return null;
  return `has {{${name} | …}} with a filter that does not exist; there is only {{${name} | json}}`;
}

function fill(template: string, message: WebhookBody): string {
  const values = valuesOf(message);
  const lines = summaryLines(summarize(message));
  return template.replaceAll(place, (_, inside: string) => {
    const [name = "", filter] = inside.split("|").map((part) => part.trim());
    const value = values[name];
    if (filter === "json" || name === "message") return JSON.stringify(value);
    if (name === "facts" || name === "log" || name === "members") return lines[name].join("\n");
    return typeof value === "string" ? value : "";
  });
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The parser's own words would quote the template.
    return false;
  }
}

/** Each text has what ends a string in JSON, and what a string may not hold. */
const awkward = 'a "quoted" \\ text\nof two lines';
const everything = messageOf({
  ...{ type: "incident.opened", id: awkward, thread: awkward, at: "2026-01-01T00:00:00.000Z", agent: awkward },
  ...{ kind: awkward, severity: "page", title: awkward, text: awkward, log: [awkward] },
  facts: [{ label: awkward, value: awkward }],
  members: [
    { agent: "a", kind: "silent", title: awkward, host: null, since: "2026-01-01T00:00:00.000Z", resolved_at: null },
  ],
  url: "https://midwatch.example.org/",
  actions: [{ action: "acknowledge", label: awkward, url: "https://midwatch.example.org/" }],
});
const littleElse = messageOf({ type: "test", id: "1", at: "2026-01-01T00:00:00.000Z", title: "x", text: "" });

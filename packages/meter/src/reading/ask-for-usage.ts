// OpenAI's chat streams tell their usage only when they are asked to. Where the client did not ask, the meter does, by a few characters in
// the text of its request: everything else stays byte for byte what the client wrote, numbers beyond 2^53 and odd spacing included.

import { isObject, type JsonObject } from "./json.ts";

const field = "stream_options";

/** The text with the question in it; null when there is nothing to ask: no stream, or the client asks itself. */
export function askForUsage(text: string, body: JsonObject): string | null {
  if (body["stream"] !== true) return null;
  const options = body[field];
  if (isObject(options) && options["include_usage"] === true) return null;
  const asking = JSON.stringify({ ...(isObject(options) ? options : {}), include_usage: true });
  if (field in body) {
    const place = valueOf(text, field);
    return place === null ? null : text.slice(0, place.start) + asking + text.slice(place.end);
  }
  // It has `stream`, so it is not empty, and a comma fits.
  const end = text.lastIndexOf("}");
  return `${text.slice(0, end)},"${field}":${asking}${text.slice(end)}`;
}

/** Where the value of a key of the outermost object stands. The text is known to be JSON. */
function valueOf(text: string, key: string): { readonly start: number; readonly end: number } | null {
  let depth = 0;
  let start: number | null = null;
  let lastString = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      lastString = text.slice(at, end);
      at = end - 1;
    } else if (char === "{" || char === "[") depth += 1;
    else if (depth === 1 && char === ":" && start === null && nameOf(lastString) === key) start = at + 1;
    else if (depth === 1 && start !== null && (char === "," || char === "}")) return { start, end: at };
    else if (char === "}" || char === "]") depth -= 1;
  }
  return null;
}

function nameOf(quoted: string): unknown {
  return JSON.parse(quoted === "" ? '""' : quoted);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

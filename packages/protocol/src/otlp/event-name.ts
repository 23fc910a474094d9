import type { Attributes } from "./records.ts";

const name = /^[a-z][a-z0-9_.]{0,99}$/;

/**
 * What a log record is about. Newer senders have a field for it, older ones an attribute, some only a body. Claude Code says
 * `api_request` in the attribute and `claude_code.api_request` in the body: of two spellings the one with a dot wins.
 */
export function eventNameOf(field: string, attributes: Attributes, body: string): string {
  if (field !== "") return field;
  const attribute = attributes.get("event.name");
  const said = typeof attribute === "string" ? attribute : "";
  if (name.test(body) && (said === "" || body.endsWith(`.${said}`))) return body;
  return said;
}

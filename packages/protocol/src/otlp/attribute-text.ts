import { textNames, type TextName } from "./attribute-names.ts";
import { cutText, type Attributes } from "./records.ts";

const longest = 200;

/** The first of the names that holds a text, cut to 200 characters. */
export function textIn(attributes: Attributes, name: TextName): string | null {
  for (const attribute of textNames[name]) {
    const value = attributes.get(attribute);
    if (typeof value === "string" && value !== "") return cutText(value, longest);
    if (typeof value === "number") return String(value);
  }
  return null;
}

/**
 * An id that names one answer and no other. Servers that imitate an interface make ids from a few hundred numbers
 * ("chatcmpl-342"), and a second call under the first one's key would be lost; so a short one is none.
 */
export function usableId(id: string | null): string | null {
  return id !== null && id.length >= 16 ? id : null;
}

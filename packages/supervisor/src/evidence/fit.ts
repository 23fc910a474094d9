// Bundles go over the wire and into messages, so they have a size. A text keeps the end that matters, and says what it lost.

import { stripVTControlCharacters } from "node:util";
import type { EvidenceBundle, EvidenceName } from "@midwatch/protocol";

type Item = EvidenceBundle["items"][number];

export const itemBytes = 16 * 1024;
export const bundleBytes = 128 * 1024;
const summaryLength = 400;

/** Plain text: no colours, no control characters, nothing that is not valid Unicode. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}

/** At most so many bytes of UTF-8, of its start or of its end. */
export function fitText(text: string, maxBytes: number, keep: "start" | "end"): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= maxBytes) return text;
  const note = `[${bytes.length - maxBytes} bytes and more left out]`;
  const room = Math.max(0, maxBytes - Buffer.byteLength(note) - 1 - 6);
  const part = keep === "start" ? bytes.subarray(0, room) : bytes.subarray(bytes.length - room);
  // A character that was cut through shows as U+FFFD; it goes.
  const whole = part.toString("utf8").replace(/^\uFFFD+|\uFFFD+$/g, "");
  return keep === "start" ? `${whole}\n${note}` : `${note}\n${whole}`;
}

/** What happened last is what counts of these. */
function keepOf(name: EvidenceName): "start" | "end" {
  return name === "output" || name === "beats" ? "end" : "start";
}

/** The bundle within its bounds; when it is too large as a whole, its largest items become smaller. */
export function fitBundle(bundle: EvidenceBundle): EvidenceBundle {
  const items = bundle.items.map(({ name, text }) => fitItem({ name, text }, itemBytes));
  const fitted = { ...bundle, summary: shorten(bundle.summary), items };
  for (let rounds = 0; Buffer.byteLength(JSON.stringify(fitted)) > bundleBytes && rounds < 64; rounds++) {
    const largest = items.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
    items[items.indexOf(largest)] = fitItem(largest, Math.floor(Buffer.byteLength(largest.text) * 0.7));
  }
  return fitted;
}

function fitItem({ name, text }: Item, maxBytes: number): Item {
  return { name, text: fitText(text, maxBytes, keepOf(name)) };
}

function sizeOf(item: Item): number {
  return Buffer.byteLength(JSON.stringify(item));
}

function shorten(summary: string): string {
  const line = summary.replace(/\s+/g, " ").trim();
  return line.length > summaryLength ? `${line.slice(0, summaryLength - 1).toWellFormed()}…` : line;
}

import type { Ms } from "@midwatch/core";
import { iso } from "../views/time.ts";

/** For pages without a script, which cannot know the reader's zone: "2026-11-24 03:12 UTC". */
export function minuteOf(at: Ms): string {
  return `${iso(at).slice(0, 16).replace("T", " ")} UTC`;
}

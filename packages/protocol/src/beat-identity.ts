import { hash } from "node:crypto";
import type { Beat, BeatIdentity } from "@midwatch/core";

/**
 * How a repeated beat is recognised: by its place in a run (a run without `instance` is its own only instance), else, when
 * it carries a `ts`, by its whole body, else not at all: two equal home-made beats may well be two beats.
 */
export function beatIdentity(beat: Beat, digestOfBody: () => string): BeatIdentity {
  if (beat.runId !== null && beat.seq !== null) {
    return { by: "seq", runId: beat.runId, instance: beat.instance ?? "", seq: beat.seq };
  }
  if (beat.ts !== null) return { by: "body", digest: digestOfBody() };
  return { by: "none" };
}

/**
 * SHA-256 of a parsed body, hex. Takes the value rather than its bytes, so that a beat that came directly and again through a supervisor's
 * spool is the same beat; the order of keys counts, white space does not.
 */
export function bodyDigest(value: unknown): string {
  return hash("sha256", JSON.stringify(value));
}

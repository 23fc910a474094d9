import type { Beat, BeatIdentity, Ms } from "@midwatch/core";

export interface ReceivedBeat {
  readonly beat: Beat;
  readonly identity: BeatIdentity;
  /** As it was sent, for the server. */
  readonly body: unknown;
  readonly at: Ms;
  readonly spooled: boolean;
}

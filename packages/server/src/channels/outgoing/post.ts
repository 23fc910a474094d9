import type { LookupFunction } from "node:net";
import type { DurationMs, Ms } from "@midwatch/core";
import type { SendOutcome } from "../channel.ts";
import type { AllowPrivate } from "./public-address.ts";

export interface Post {
  /** POST unless given. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** What the body holds of keys; taken out of the answer like those in the address and the headers. */
  readonly secrets?: readonly string[];
}

export interface Answer {
  readonly status: number;
  /** At most 128 KiB of it. */
  readonly body: string;
  /** Its first words on one line, to be quoted in an error; what the address and the headers hold of secrets is taken out. */
  readonly said: string;
  readonly retryAfter: string | null;
}

export interface PosterOptions {
  readonly allowPrivate: AllowPrivate;
  readonly now: () => Ms;
  readonly timeoutMs: DurationMs | undefined;
  readonly lookup: LookupFunction | undefined;
}

export type Poster = (post: Post) => Promise<SendOutcome & { readonly answer?: Answer }>;

/**
 * Posts to one channel's address. The HTTP client is loaded with the first message: it weighs 20 MB (measured), and a
 * supervisor, which speaks only when the server cannot, may never send one.
 */
export function createPoster(options: PosterOptions): Poster {
  let poster: Promise<Poster> | null = null;
  return async (post) => {
    poster ??= load(options);
    return (await poster)(post);
  };
}

async function load(options: PosterOptions): Promise<Poster> {
  const { openPoster } = await import("./poster.ts");
  return openPoster(options);
}

import { ApiError } from "../errors.ts";
import { isLoopbackName, nameInHost } from "@midwatch/protocol";

/** The refusal of a request by its `Host` header, or null. */
export type HostGuard = (host: string | undefined) => ApiError | null;

/** Spellings of the own host that are remembered; clients use one or two. */
const maxRemembered = 100;

/**
 * Against DNS rebinding: a foreign page whose name suddenly points to 127.0.0.1 would reach a server on the loopback with that
 * name in the `Host` header. A server that listens on the loopback answers only to names of the loopback, and to the name under
 * which a proxy makes it public.
 */
export function createHostGuard(listeningOn: string, publicUrl: string | null = null): HostGuard {
  if (!isLoopbackName(listeningOn)) return () => null;
  const known = new Set<string>(publicUrl === null ? [] : [new URL(publicUrl).host]);
  return (host) => {
    if (host === undefined) return new ApiError(400, "no_host", "the request has no Host header");
    if (known.has(host)) return null;
    if (!isLoopbackName(nameInHost(host))) {
      const message =
        "this server listens only on the loopback; reach it as 127.0.0.1 or localhost (a proxy in front of it has to send such a Host, or that of server.public_url)";
      return new ApiError(403, "wrong_host", message);
    }
    if (known.size < maxRemembered) known.add(host);
    return null;
  };
}

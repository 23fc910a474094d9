import { isLoopbackName, nameInHost } from "@midwatch/protocol";

/**
 * Against DNS rebinding: a foreign page whose name suddenly points to 127.0.0.1 would reach a meter on the loopback with that name
 * in the `Host` header. One that listens on the loopback answers only to names of the loopback. Null: may pass.
 */
export function hostRefusal(listeningOn: string, host: string | undefined): string | null {
  if (!isLoopbackName(listeningOn)) return null;
  if (host !== undefined && isLoopbackName(nameInHost(host))) return null;
  return "this meter listens only on the loopback; reach it as 127.0.0.1 or localhost";
}

/** `host:port` in its parts; a host of IPv6 stands in brackets. */
export function splitListen(listen: string): [string, number] {
  const at = listen.lastIndexOf(":");
  return [listen.slice(0, at).replace(/^\[|\]$/g, ""), Number(listen.slice(at + 1))];
}

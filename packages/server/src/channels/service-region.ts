import type { ConfigReader } from "./channel-config.ts";
import type { AllowPrivate } from "./outgoing/public-address.ts";

/** Where a service with a home on each side of the ocean is reached: `region`, or `server` for anything that speaks the same. */
export function readRegion(
  settings: ConfigReader,
  allowPrivate: AllowPrivate,
  homes: { readonly us: string; readonly eu: string },
): URL | null {
  const region = settings.choice("region", ["us", "eu"]);
  if (region !== null && settings.has("server")) {
    settings.problem("server", "names the address, and `region` names another: take one of the two");
  }
  return settings.url("server", allowPrivate, homes[region ?? "us"]);
}

/** A path below a server's own, whether that ends in a slash or not. */
export function below(server: URL, path: string): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, "")}/${path}`;
  return url;
}

import type { IncomingMessage } from "node:http";

/** More is passed on unread. A conversation of a million tokens is about half of it; pictures may be more. */
const maxReadBytes = 8 * 2 ** 20;

export type TakenBody =
  | { readonly is: "whole"; readonly bytes: Buffer }
  /** Longer: its beginning, and the rest is still to come from the request, which stands still. */
  | { readonly is: "begun"; readonly bytes: Buffer }
  /** The client went away in the middle. */
  | { readonly is: "broken" };

/** Reads a request's body up to the bound. */
export function takeBody(request: IncomingMessage): Promise<TakenBody> {
  const { promise, resolve } = Promise.withResolvers<TakenBody>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (taken: TakenBody): void => {
    request.off("data", onData).off("end", onEnd).off("close", onClose);
    resolve(taken);
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= maxReadBytes) return;
    request.pause();
    finish({ is: "begun", bytes: Buffer.concat(chunks) });
  };
  const onEnd = (): void => finish({ is: "whole", bytes: Buffer.concat(chunks) });
  const onClose = (): void => finish({ is: "broken" });
  request.on("data", onData).on("end", onEnd).on("close", onClose);
  // Without this nobody would be there to hear that the client broke off.
  request.on("error", () => undefined);
  return promise;
}

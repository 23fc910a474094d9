import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, constants, createBrotliCompress, createGzip, gzipSync } from "node:zlib";
import type { Knobs } from "./knobs.ts";

/** How sending it went, as the provider saw it. */
export type Sending = "whole" | "broken" | "left";

type Packing = Knobs["encoding"];

/** An answer in one piece; `break` sends half of it. */
export async function sendWhole(
  response: ServerResponse,
  body: string,
  { breaks, delayMs }: Knobs,
  packing: Packing,
): Promise<Sending> {
  if (delayMs > 0) await pause(delayMs);
  if (response.destroyed) return "left";
  const bytes = packed(body, packing);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...packingHeader(packing),
  });
  if (breaks) return cut(response, bytes.subarray(0, bytes.length / 2));
  response.end(bytes);
  return "whole";
}

/** A stream; `break` cuts it and `hold` stops it after the first half of its pieces. */
export async function sendStream(
  response: ServerResponse,
  type: string,
  pieces: readonly string[],
  { breaks, holds, delayMs }: Knobs,
  packing: Packing,
): Promise<Sending> {
  response.writeHead(200, { "content-type": type, "cache-control": "no-cache", ...packingHeader(packing) });
  const packer = packing === null ? null : packing === "gzip" ? createGzip() : createBrotliCompress();
  packer?.pipe(response);
  const half = Math.ceil(pieces.length / 2);
  for (const [index, piece] of pieces.entries()) {
    if (index === half && breaks) return cut(response, Buffer.alloc(0));
    if (index === half && holds) {
      await gone(response);
      return "left";
    }
    if (delayMs > 0) await pause(delayMs);
    if (response.destroyed) return "left";
    await write(packer ?? response, piece);
    // Else a packer keeps small pieces to itself until the end, and nothing would stream.
    if (packer !== null) await new Promise<void>((resolve) => packer.flush(() => resolve()));
  }
  (packer ?? response).end();
  return "whole";
}

function write(to: NodeJS.WritableStream, piece: string): Promise<void> {
  return new Promise((resolve) => to.write(piece, () => resolve()));
}

function gone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once("close", resolve);
  });
}

/** Sends this much, then cuts the connection. */
async function cut(response: ServerResponse, bytes: Uint8Array): Promise<Sending> {
  await new Promise<void>((resolve) => response.write(bytes.length === 0 ? ":\n" : bytes, () => resolve()));
  response.destroy();
  return "broken";
}

function packed(body: string, packing: Packing): Buffer {
  if (packing === "gzip") return gzipSync(body);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
  return packing === "br" ? brotliCompressSync(body, quality) : Buffer.from(body);
}

function packingHeader(packing: Packing): Record<string, string> {
  return packing === null ? {} : { "content-encoding": packing };
}

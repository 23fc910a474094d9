import type { IncomingMessage } from "node:http";
import { tooLarge, type Refusal } from "@midwatch/protocol";

/** `refusal` is null when the connection broke: nobody is there to answer, and nothing is owed. */
export type ReadBody =
  { readonly ok: true; readonly body: Buffer } | { readonly ok: false; readonly refusal: Refusal | null };

/** Collects a request's body of up to `limit` bytes. Never rejects. */
export async function readBody(request: IncomingMessage, limit: number): Promise<ReadBody> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return { ok: false, refusal: tooLarge(limit) };
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limit) return { ok: false, refusal: tooLarge(limit) };
      chunks.push(chunk as Buffer);
    }
  } catch {
    // The connection broke while the body came.
    return { ok: false, refusal: null };
  }
  return { ok: true, body: Buffer.concat(chunks) };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnswerReader } from "../reading/answer-reader.ts";
import { Cutter, type Piece } from "../reading/pieces.ts";
import { endToEnd } from "./headers.ts";
import { isOnlyUsage } from "./usage-asking.ts";

export interface Relay {
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
  /** Reads a copy. */
  readonly reader: AnswerReader | null;
  /** The chunk that tells only the usage is left out. */
  readonly withoutUsage: boolean;
  /** Its head is to go out at once, because what follows may take long. */
  readonly isStream: boolean;
}

/**
 * Passes an answer on as it comes, no faster than the client takes it. Resolves when it has ended: true when it was whole. The
 * response is left open, so that the call is counted before the client sees its end.
 */
export function relay(about: Relay): Promise<boolean> {
  const { answer, response, reader, withoutUsage, isStream } = about;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cutter = withoutUsage ? new Cutter("event") : null;
  const pass = (bytes: Buffer): void => {
    if (!response.write(bytes)) answer.pause();
  };
  const passPieces = (pieces: readonly Piece[]): void => {
    const kept = pieces.filter((piece) => {
      reader?.event(piece);
      return !isOnlyUsage(piece);
    });
    if (kept.length > 0) pass(Buffer.concat(kept.map(({ bytes }) => bytes)));
  };
  response.sendDate = false;
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    endToEnd(answer, withoutUsage ? ["content-length"] : []),
  );
  if (isStream) response.flushHeaders();
  answer.on("data", (chunk: Buffer) => {
    if (cutter !== null) return passPieces(cutter.push(chunk));
    pass(chunk);
    reader?.push(chunk);
  });
  response.on("drain", () => answer.resume());
  answer.on("end", () => {
    if (cutter !== null) passPieces(cutter.end());
    resolve(answer.complete);
  });
  answer.on("error", () => resolve(false));
  answer.on("close", () => resolve(false));
  return promise;
}

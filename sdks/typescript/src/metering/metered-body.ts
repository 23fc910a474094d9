/** Hears what passes. Nothing it does reaches the client. */
export interface Listener {
  chunk(bytes: Uint8Array): void;
  /** Called once. `isWhole` is false when the stream broke off or the client stopped reading. */
  end(isWhole: boolean): void;
}

/**
 * The same bytes at the client's pace. A stream of one's own and no TransformStream: that one never tells when the client
 * stops reading, and then what was used would be lost. Nothing is read ahead, so a slow client slows the provider as before.
 */
export function meteredBody(source: ReadableStream<Uint8Array>, listener: Listener): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let isOver = false;
  const end = (isWhole: boolean): void => {
    if (isOver) return;
    isOver = true;
    listener.end(isWhole);
  };
  // An abort is told here also while the client is not reading.
  reader.closed.catch(() => end(false));
  return new ReadableStream({
    type: "bytes",
    pull: async (controller) => {
      for (;;) {
        // A rejection makes this stream fail with the same error.
        const { done, value } = await reader.read();
        if (done) {
          end(true);
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        // A stream of bytes takes no empty piece.
        if (value.byteLength === 0) continue;
        listener.chunk(value);
        controller.enqueue(owned(value));
        return;
      }
    },
    cancel: async (reason) => {
      end(false);
      await reader.cancel(reason);
    },
  });
}

/** Handing a piece on takes its memory away from its maker, who may share it among pieces. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isAlone = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return isAlone ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

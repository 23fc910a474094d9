// Reads the end of a container's log. Without a terminal Docker sends both output streams as frames: a byte that names the
// stream (0 to 2), three zeros, the length as a 32-bit big-endian number, then that many bytes. With a terminal it sends the bytes
// as they are. Only the last bytes are kept while reading, so a log of any size costs the same.

const headerLength = 8;
const keptBytes = 256 * 1024;

export async function readLogText(stream: AsyncIterable<Buffer>, { isFramed }: { isFramed: boolean }): Promise<string> {
  const frames = new FrameReader();
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    const payload = isFramed ? frames.take(chunk) : chunk;
    tail = Buffer.concat([tail, payload]);
    if (tail.length > 2 * keptBytes) tail = tail.subarray(-keptBytes);
  }
  return tail.subarray(-keptBytes).toString("utf8");
}

/** Takes chunks cut anywhere; gives what is inside the frames. */
export class FrameReader {
  #header = Buffer.alloc(0);
  /** Bytes of the present frame that have not come yet. */
  #missing = 0;

  take(chunk: Buffer): Buffer {
    const payloads: Buffer[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const part = rest.subarray(0, this.#missing);
        payloads.push(part);
        this.#missing -= part.length;
        rest = rest.subarray(part.length);
        continue;
      }
      const wanted = headerLength - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)]);
      rest = rest.subarray(wanted);
      if (this.#header.length < headerLength) break;
      this.#missing = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    return Buffer.concat(payloads);
  }
}

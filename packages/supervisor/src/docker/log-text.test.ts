import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { FrameReader, readLogText } from "./log-text.ts";

function frame(stream: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

test("frames are read wherever the chunks are cut", () => {
  const bytes = Buffer.concat([frame(1, "grün\n"), frame(2, ""), frame(2, "fail\n"), frame(1, "end")]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new FrameReader();
    const payloads: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += size)
      payloads.push(reader.take(bytes.subarray(start, start + size)));
    assert.equal(Buffer.concat(payloads).toString(), "grün\nfail\nend", `in pieces of ${size}`);
  }
});

test("of a log of any size only the end is kept", async () => {
  const lines = function* (): Generator<Buffer> {
    for (let number = 0; number < 200; number += 1) yield frame(1, `${"x".repeat(10_000)} ${number}\n`);
  };
  const text = await readLogText(Readable.from(lines()), { isFramed: true });
  assert.equal(Buffer.byteLength(text), 256 * 1024);
  assert.ok(text.endsWith(" 199\n"));
});

test("what was printed to a terminal is taken as it is", async () => {
  assert.equal(
    await readLogText(Readable.from([Buffer.from("\u0001\u0000\u0000plain")]), { isFramed: false }),
    "\u0001\u0000\u0000plain",
  );
});

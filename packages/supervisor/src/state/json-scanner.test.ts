import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JsonScanner } from "./json-scanner.ts";

function scan(bytes: Uint8Array, pieceBytes = bytes.length || 1): ReturnType<JsonScanner["end"]> {
  const scanner = new JsonScanner();
  // One buffer for all pieces, as files are read.
  const piece = Buffer.alloc(pieceBytes);
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const length = Buffer.from(bytes).copy(piece, 0, from, from + pieceBytes);
    scanner.feed(piece.subarray(0, length));
  }
  return scanner.end();
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("the scanner takes and refuses the same texts as JSON.parse, in pieces of any size", () => {
  const nearJson = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", ",", "]", "}", '"', "1", "-", "e", ".", "\\", "\n", "nul", "0"),
      fc.nat(3),
    )
    .map(([json, at, inserted, removed]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + inserted + json.slice(place + removed);
    });
  fc.assert(
    fc.property(
      fc.oneof(fc.json(), nearJson, fc.string({ unit: "binary" })),
      fc.integer({ min: 1, max: 9 }),
      (text, piece) => {
        const bytes = Buffer.from(text);
        assert.equal(scan(bytes, piece) === null, parses(bytes.toString()), JSON.stringify(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a whole JSON object is told from every beginning of it", () => {
  const bytes = Buffer.from('{"name":"Zoë 🚀","list":[1,-2.5e+3,true,null,{"a":"\\u00e9\\n"}]}');
  assert.equal(scan(bytes), null);
  for (let length = 0; length < bytes.length; length += 1) assert.equal(scan(bytes.subarray(0, length))?.kind, "cut");
});

test("what Python writes for numbers that are none, and a byte order mark, are let pass", () => {
  for (const text of ["[NaN, Infinity, -Infinity]", "\ufeff{}"]) assert.equal(scan(Buffer.from(text)), null);
  const strict = new JsonScanner({ strict: true });
  strict.feed(Buffer.from("[-Infinity]"));
  assert.equal(strict.end()?.kind, "wrong");
});

test("a fault is told with its line and byte", () => {
  const reason = scan(Buffer.from('{\n  "a": 1,\n  "b" 2\n}'))?.reason;
  assert.equal(reason, 'it is no JSON: line 3, byte 7 is "2" where a colon should stand');
  assert.match(scan(Buffer.from([0x22, 0xff, 0x22]))?.reason ?? "", /no UTF-8/);
});

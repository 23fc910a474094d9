import { StringDecoder } from "node:string_decoder";

const lineLimit = 1024 * 1024;

/** The lines of a stream without their ends. Rejects at a line of more than 1 Mi characters, and when the stream breaks. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineLimit) throw new Error(`a line is longer than ${lineLimit} characters`);
    yield* lines;
  }
  if (rest !== "") yield rest;
}

import type { StreamMessage } from "@midwatch/protocol";

export interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A client of the event stream that keeps everything it hears. */
export interface EventStream {
  readonly heard: readonly Heard[];
  /** The id a browser would send when it reconnects. */
  readonly lastId: string;
  /** Resolves when a message fits; 20 s at most. */
  until(fits: (message: StreamMessage) => boolean): Promise<Heard>;
  close(): void;
}

export async function openStream(url: string, headers: Record<string, string>): Promise<EventStream> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  if (response.body === null || response.status !== 200) throw new Error(`the stream answered ${response.status}`);
  const heard: Heard[] = [];
  const checks = new Set<() => void>();
  const state = { lastId: "" };
  void readBlocks(response.body, (block) => {
    const fields = new Map(
      block.split("\n").map((line) => [line.split(": ")[0] ?? "", line.slice(line.indexOf(": ") + 2)]),
    );
    state.lastId = fields.get("id") ?? state.lastId;
    const data = fields.get("data");
    if (data !== undefined) heard.push({ id: state.lastId, event: fields.get("event") ?? "", data: JSON.parse(data) });
    for (const check of checks) check();
  }).catch(() => {
    // Closed by the test, or by the server: what was heard is what counts.
  });
  return {
    heard,
    get lastId() {
      return state.lastId;
    },
    until: (fits) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          checks.delete(check);
          reject(new Error(`not heard in 20 s; heard ${JSON.stringify(heard.map(({ event }) => event))}`));
        }, 20_000);
        const check = (): void => {
          const found = heard.find((one) => fits(one as unknown as StreamMessage));
          if (!found) return;
          clearTimeout(timer);
          checks.delete(check);
          resolve(found);
        };
        checks.add(check);
        check();
      }),
    close: () => controller.abort(),
  };
}

async function readBlocks(body: ReadableStream<Uint8Array>, take: (block: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) if (!block.startsWith(":")) take(block);
  }
}

// A conversation with the debugger of a Node process (Chrome DevTools Protocol over a WebSocket). The debugger is served
// even while JavaScript runs or waits in `Atomics.wait`; only native code and blocking system calls keep it silent.

/** A message of the debugger that answers nothing. */
export interface InspectorEvent {
  readonly method: string;
  readonly params: unknown;
}

export class InspectorError extends Error {
  override readonly name = "InspectorError";
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: InspectorError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Longer messages than this are not ours: a stack is a few KiB, a list of scripts comes in single events. */
const messageLimit = 8 * 1024 * 1024;

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: InspectorEvent) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear(data));
    socket.addEventListener("close", () => this.#fail("the debugger hung up"));
  }

  /** Rejects with an InspectorError when nobody answers in time. */
  static async connect(url: string, timeoutMs: number): Promise<Inspector> {
    const socket = new WebSocket(url);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => reject(new InspectorError("the debugger does not answer")), timeoutMs);
    socket.addEventListener("open", () => resolve(undefined));
    socket.addEventListener("error", () => reject(new InspectorError("the debugger refuses the connection")));
    try {
      await promise;
      return new Inspector(socket);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Rejects with an InspectorError when the answer is an error or does not come in time. */
  call(method: string, params: Readonly<Record<string, unknown>>, timeoutMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#lastId;
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      reject(new InspectorError(`${method} was not answered within ${Math.round(timeoutMs)} ms`));
    }, timeoutMs);
    this.#waiting.set(id, { resolve, reject, timer });
    this.send(id, method, params);
    return promise;
  }

  /** Says something without waiting for an answer. */
  tell(method: string, params: Readonly<Record<string, unknown>> = {}): void {
    this.send(++this.#lastId, method, params);
  }

  private send(id: number, method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ id, method, params }));
  }

  /** Hears events until the returned function is called. */
  listen(listener: (event: InspectorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#fail("the conversation was ended");
    this.#socket.close();
  }

  /** Whoever listens on that port is not ours; what it says may be anything and must not end the supervisor. */
  #hear(data: unknown): void {
    if (typeof data !== "string" || data.length > messageLimit) return;
    try {
      this.#take(JSON.parse(data) as Message);
    } catch {
      this.#fail("it does not speak as a debugger does");
      this.#socket.close();
    }
  }

  #take({ id, method = "", params, result, error }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners) listener({ method, params });
      return;
    }
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new InspectorError(`the debugger refused: ${JSON.stringify(error).slice(0, 200)}`));
  }

  #fail(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new InspectorError(why));
    }
    this.#waiting.clear();
  }
}

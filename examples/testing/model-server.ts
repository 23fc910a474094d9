import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

interface ModelRequest {
  readonly path: string;
  /** What the answer said that was used. */
  readonly used: { readonly input: number; readonly output: number };
}

/** Stands where a provider would: answers in the shapes of OpenAI's chat completions and Anthropic's messages. */
export class ModelServer {
  readonly requests: ModelRequest[] = [];
  /** Answers 401, quoting the key as providers do. */
  refuses = false;
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));

  static async listen(): Promise<ModelServer> {
    const model = new ModelServer();
    model.#server.listen(0, "127.0.0.1");
    await once(model.#server, "listening");
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    request.resume();
    await once(request, "end");
    const { status, body } = this.#answer(request.url ?? "", request.headers.authorization ?? "");
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #answer(path: string, authorization: string): { status: number; body: unknown } {
    if (this.refuses) {
      const message = `Incorrect API key provided: ${authorization}`;
      return { status: 401, body: { error: { type: "invalid_request_error", message } } };
    }
    // Another number each time, so that counting one answer twice would show.
    const used = { input: 300 + this.requests.length, output: 40 + 2 * this.requests.length };
    const text = "What the model said.";
    const model = "model-that-answered";
    switch (path) {
      case "/v1/chat/completions":
        this.requests.push({ path, used });
        return {
          status: 200,
          body: {
            model,
            choices: [{ message: { content: text } }],
            usage: { prompt_tokens: used.input, completion_tokens: used.output },
          },
        };
      case "/v1/messages":
        this.requests.push({ path, used });
        return {
          status: 200,
          body: {
            model,
            content: [{ type: "text", text }],
            usage: { input_tokens: used.input, output_tokens: used.output },
          },
        };
      default:
        return { status: 404, body: { error: { type: "not_found_error", message: path } } };
    }
  }
}

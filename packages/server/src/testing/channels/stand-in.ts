import { startReceiver, type Received, type Receiver } from "../loopback-receiver.ts";

export interface StandInAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A service on the loopback in place of the real one. */
export interface StandIn extends AsyncDisposable {
  /** With its port, as messages name it. */
  readonly host: string;
  readonly receiver: Receiver;
  /** The next request is answered with this, and not looked at. */
  answerNext(answer: StandInAnswer): void;
}

/** Answers each request as `answerTo` says; `headers` go with every answer that does not say otherwise. */
export async function startStandIn(
  answerTo: (request: Received) => StandInAnswer,
  headers: Readonly<Record<string, string>> = {},
): Promise<StandIn> {
  let given: StandInAnswer | null = null;
  const receiver = await startReceiver((response, request) => {
    const answer = given ?? answerTo(request);
    given = null;
    response.writeHead(answer.status, { ...headers, ...answer.headers }).end(answer.body);
  });
  return {
    host: `127.0.0.1:${receiver.port}`,
    receiver,
    answerNext: (answer) => {
      given = answer;
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

import { exportAnswer, statusAnswer, type OtlpAnswer, type OtlpEncoding, type Signal } from "@midwatch/protocol/otlp";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ApiError } from "../errors.ts";
import { apiErrorOf } from "../http/answer-errors.ts";
import type { ApiContext, App } from "../http/api-context.ts";
import { compressionOf } from "../telemetry/unpack.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { callerOf } from "./access.ts";

/** As it comes; how large it may be unpacked is another bound. */
const bodyLimit = 8 * 1024 * 1024;
const signals: readonly Signal[] = ["traces", "metrics", "logs"];
const AgentParams = Type.Object({ agent: Type.String({ minLength: 1, maxLength: 128 }) });
/** Exporters have their own pace, and the queue its own bound. */
const config = { scope: "ingest", rateLimit: false } as const;

/**
 * What OpenTelemetry exporters call. Their protocol wants its own bodies for everything, errors included, and retries only 429,
 * 502, 503 and 504.
 */
export function registerTelemetry(
  app: App,
  context: Pick<ApiContext, "log"> & { readonly telemetry: Telemetry },
): void {
  const { telemetry, log } = context;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      ["application/x-protobuf", "application/json"],
      { parseAs: "buffer", bodyLimit },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.addContentTypeParser("*", (request, _payload, parsed) => parsed(wrongType(request)));
    scope.setErrorHandler((error, request, reply) => refuse(apiErrorOf(error, request, log), request, reply));
    for (const signal of signals) registerSignal(scope, signal, telemetry);
    done();
  });
}

function registerSignal(scope: App, signal: Signal, telemetry: Telemetry): void {
  const schema = { tags: ["telemetry"], summary: `OTLP over HTTP: ${signal}, as protobuf or JSON.` };
  scope.post(`/v1/${signal}`, { config, bodyLimit, schema }, async (request, reply) =>
    receive(request, reply, { signal, agent: null, telemetry }),
  );
  scope.post(
    `/otlp/:agent/v1/${signal}`,
    { config, bodyLimit, schema: { ...schema, params: AgentParams } },
    async (request, reply) => receive(request, reply, { signal, agent: request.params.agent, telemetry }),
  );
}

async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  given: { readonly signal: Signal; readonly agent: string | null; readonly telemetry: Telemetry },
): Promise<FastifyReply> {
  const { signal, agent, telemetry } = given;
  const encoding = encodingOf(request);
  const compression = compressionOf(request.headers["content-encoding"]);
  if (compression === null) {
    const said = String(request.headers["content-encoding"]).slice(0, 60);
    throw new ApiError(415, "wrong_encoding", `Content-Encoding ${said} is not known here; use gzip, deflate or none`);
  }
  // Read as a buffer; a request without any body has an empty one.
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const refused = await telemetry.receive({ signal, encoding, compression, body, agent, caller: callerOf(request) });
  return send(reply.code(200), exportAnswer(encoding, signal, refused));
}

function refuse(error: ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.retryAfterS !== undefined) void reply.header("retry-after", String(error.retryAfterS));
  if (error.status === 401) void reply.header("www-authenticate", "Bearer");
  return send(
    reply.code(error.status),
    statusAnswer(encodingOf(request), grpcCodes[error.status] ?? unknown, error.message),
  );
}

/** Codes of `google.rpc.Status` for the statuses that are answered here. */
const grpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};
const unknown = 2;

function send(reply: FastifyReply, { contentType, body }: OtlpAnswer): FastifyReply {
  return reply.header("content-type", contentType).send(Buffer.from(body));
}

function encodingOf(request: FastifyRequest): OtlpEncoding {
  return (request.headers["content-type"] ?? "").startsWith("application/json") ? "json" : "protobuf";
}

function wrongType(request: FastifyRequest): ApiError {
  const said = (request.headers["content-type"] ?? "").slice(0, 60);
  if (said.startsWith("application/grpc")) return new ApiError(415, "grpc", useHttp(request.headers.host));
  const given = said === "" ? "no Content-Type came" : `Content-Type ${said} is not known here`;
  return new ApiError(415, "wrong_type", `${given}; send application/x-protobuf or application/json`);
}

function useHttp(host: string | undefined): string {
  return `gRPC is not spoken here; use OTLP over HTTP (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf), at http://${host ?? "HOST:4004"}/v1/traces`;
}

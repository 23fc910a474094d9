// Sends one turn of an agent through real exporters, set up by nothing but the usual OTEL_* variables: `node export.mjs proto`.
// An agent's span carries the sum of two chats; a metric tells the same tokens in two cumulative exports; a log event tells a call.

import { context, logs, metrics, trace } from "@opentelemetry/api";
import { detectResources, envDetector } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, StackContextManager, TracerProvider } from "@opentelemetry/sdk-trace";

const [encoding = "proto"] = process.argv.slice(2);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${encoding}`);
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${encoding}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${encoding}`);
const resource = detectResources({ detectors: [envDetector] });

context.setGlobalContextManager(new StackContextManager().enable());
const spans = new TracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
trace.setGlobalTracerProvider(spans);
const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 60_000 });
const meters = new MeterProvider({ resource, readers: [reader] });
metrics.setGlobalMeterProvider(meters);
const records = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
logs.setGlobalLoggerProvider(records);

const tracer = trace.getTracer("agents");
tracer.startActiveSpan("invoke_agent research", (agent) => {
  agent.setAttributes({ "gen_ai.operation.name": "invoke_agent", ...usage(3_000, 300) });
  for (const n of [1, 2]) chat(n);
  tracer.startActiveSpan("execute_tool search", (tool) => {
    tool.setAttributes({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "search",
      "gen_ai.tool.call.arguments": '{ "query": "tides", "page": 1 }',
    });
    tool.end();
  });
  agent.end();
});

function chat(n) {
  tracer.startActiveSpan("chat gpt-5", (span) => {
    span.setAttributes({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.response.model": "gpt-5",
      "gen_ai.response.id": `chatcmpl-0000-0000-000${n}`,
      ...usage(1_500, 150),
    });
    span.end();
  });
}

function usage(input, output) {
  return { "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output };
}

const tokens = metrics.getMeter("agents").createHistogram("gen_ai.client.token.usage");
const of = { "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5", "gen_ai.operation.name": "chat" };
for (const [input, output] of [
  [1_500, 150],
  [1_500, 150],
]) {
  tokens.record(input, { ...of, "gen_ai.token.type": "input" });
  tokens.record(output, { ...of, "gen_ai.token.type": "output" });
  await meters.forceFlush();
}

logs.getLogger("com.anthropic.claude_code.events").emit({
  eventName: "claude_code.api_request",
  body: "claude_code.api_request",
  attributes: {
    model: "claude-sonnet-5",
    input_tokens: 10,
    output_tokens: 20,
    cache_read_tokens: 1_000,
    cache_creation_tokens: 100,
    cost_usd: 0.0042,
    request_id: "req_011CSHoEeqs5C35K2UUqR7Fy",
    "session.id": "s-1",
  },
});

await Promise.all([spans.shutdown(), meters.shutdown(), records.shutdown()]);

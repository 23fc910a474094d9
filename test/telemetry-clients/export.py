"""Sends one turn of an agent through the Python exporters, set up by nothing but the usual OTEL_* variables."""

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=60_000)
meters = MeterProvider(metric_readers=[reader])


def usage(tokens_in, tokens_out):
    return {"gen_ai.usage.input_tokens": tokens_in, "gen_ai.usage.output_tokens": tokens_out}


tracer = spans.get_tracer("agents")
with tracer.start_as_current_span("invoke_agent research") as agent:
    agent.set_attributes({"gen_ai.operation.name": "invoke_agent", **usage(3_000, 300)})
    for _ in range(2):
        with tracer.start_as_current_span("chat gpt-5") as chat:
            chat.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.system": "openai", **usage(1_500, 150)})
            chat.set_attribute("gen_ai.response.model", "gpt-5")

histogram = meters.get_meter("agents").create_histogram("gen_ai.client.token.usage")
of = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-5", "gen_ai.operation.name": "chat"}
for tokens_in, tokens_out in ((1_500, 150), (1_500, 150)):
    histogram.record(tokens_in, {**of, "gen_ai.token.type": "input"})
    histogram.record(tokens_out, {**of, "gen_ai.token.type": "output"})
    meters.force_flush()

spans.shutdown()
meters.shutdown()

import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryVariables } from "./telemetry-variables.ts";

const about = { url: "http://127.0.0.1:4004/", key: "mw_k", agent: "team/bot" };

test("an agent that exports nowhere is told to export to the server, under its own name", () => {
  assert.deepEqual(telemetryVariables({ PATH: "/bin" }, about), {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4004/otlp/team%2Fbot",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20mw_k",
    OTEL_RESOURCE_ATTRIBUTES: "midwatch.agent=team%2Fbot",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    GEMINI_TELEMETRY_ENABLED: "true",
    GEMINI_TELEMETRY_TARGET: "local",
    GEMINI_TELEMETRY_OTLP_ENDPOINT: "http://127.0.0.1:4004/otlp/team%2Fbot",
    GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
    GEMINI_TELEMETRY_LOG_PROMPTS: "false",
  });
});

for (const [name, value] of [
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "authorization=theirs"],
  ["OTEL_SDK_DISABLED", "true"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
] as const) {
  test(`where ${name} is set, nothing is touched, and no key of ours goes to a stranger`, () => {
    assert.deepEqual(telemetryVariables({ [name]: value }, about), {});
  });
}

test("what a person has set stays, and attributes of the resource are kept", () => {
  const variables = telemetryVariables(
    { CLAUDE_CODE_ENABLE_TELEMETRY: "0", OTEL_METRICS_EXPORTER: "none", OTEL_RESOURCE_ATTRIBUTES: "team=night" },
    about,
  );
  assert.equal(variables["CLAUDE_CODE_ENABLE_TELEMETRY"], undefined);
  assert.equal(variables["OTEL_METRICS_EXPORTER"], undefined);
  assert.equal(variables["OTEL_RESOURCE_ATTRIBUTES"], "team=night,midwatch.agent=team%2Fbot");
});

test("Gemini CLI that exports elsewhere goes on doing so", () => {
  const variables = telemetryVariables({ GEMINI_TELEMETRY_OTLP_ENDPOINT: "http://elsewhere" }, about);
  assert.deepEqual(
    Object.keys(variables).filter((name) => name.startsWith("GEMINI_")),
    [],
  );
});

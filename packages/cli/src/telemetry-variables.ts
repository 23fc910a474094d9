// Has OpenTelemetry in an agent report to Midwatch's server, so that `midwatch run -- claude` is metered with nothing to set up.

/** The user exports somewhere already; a key of ours among their headers would go to a stranger. */
const own =
  /^OTEL_EXPORTER_OTLP_(?:(?:TRACES_|METRICS_|LOGS_)?ENDPOINT|(?:TRACES_|METRICS_|LOGS_)?HEADERS)$|^OTEL_SDK_DISABLED$/;

/**
 * Nothing when the user has set up an exporter, or switched telemetry off; else what is not set. Conversations stay out of it:
 * Claude Code leaves them out by itself, and Gemini CLI is told to.
 */
export function telemetryVariables(
  given: Readonly<Record<string, string>>,
  about: { readonly url: string; readonly key: string; readonly agent: string },
): Readonly<Record<string, string>> {
  const isOwn = Object.entries(given).some(([name, value]) => own.test(name) && value !== "");
  const protocol = given["OTEL_EXPORTER_OTLP_PROTOCOL"] ?? "http/protobuf";
  if (isOwn || !protocol.startsWith("http/")) return {};
  const agent = encodeURIComponent(about.agent);
  const endpoint = `${about.url.replace(/\/+$/, "")}/otlp/${agent}`;
  const attributes = given["OTEL_RESOURCE_ATTRIBUTES"] ?? "";
  const offered: Readonly<Record<string, string>> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${about.key}`,
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    ...(given["GEMINI_TELEMETRY_OTLP_ENDPOINT"] === undefined ? geminiCli(endpoint) : {}),
  };
  const missing = Object.entries(offered).filter(([name]) => (given[name] ?? "") === "");
  return {
    ...Object.fromEntries(missing),
    ...(/(?:^|,)\s*midwatch\.agent=/.test(attributes)
      ? {}
      : { OTEL_RESOURCE_ATTRIBUTES: `${attributes === "" ? "" : `${attributes},`}midwatch.agent=${agent}` }),
  };
}

function geminiCli(endpoint: string): Readonly<Record<string, string>> {
  return {
    GEMINI_TELEMETRY_ENABLED: "true",
    GEMINI_TELEMETRY_TARGET: "local",
    GEMINI_TELEMETRY_OTLP_ENDPOINT: endpoint,
    GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
    GEMINI_TELEMETRY_LOG_PROMPTS: "false",
  };
}

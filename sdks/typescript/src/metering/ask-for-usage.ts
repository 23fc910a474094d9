import { fieldsOf } from "../usage-shapes.ts";

/** The same request, asking for usage if it is a stream of OpenAI's chat that does not say; everything else stays untouched. */
export function asksForUsage(address: string, init: RequestInit | undefined): RequestInit | undefined {
  if (typeof init?.body !== "string" || !/\/(?:chat\/)?completions$/u.test(new URL(address).pathname)) return init;
  const body = parsed(init.body);
  if (body === null || body["stream"] !== true) return init;
  const options = fieldsOf(body["stream_options"]) ?? {};
  if (options["include_usage"] !== undefined) return init;
  const headers = new Headers(init.headers);
  // The length is that of the body as it was; fetch counts anew.
  headers.delete("content-length");
  return { ...init, headers, body: JSON.stringify({ ...body, stream_options: { ...options, include_usage: true } }) };
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // Not JSON: not a request that could be asked.
    return null;
  }
}

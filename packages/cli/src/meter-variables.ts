// The variables by which official clients find another address of their provider, set so that their calls go through the meter.

interface BaseUrl {
  readonly variable: string;
  /** What the client expects behind the provider's name, because it appends only the rest. */
  readonly end: string;
}

/** Only what clients really read. What follows the address is theirs: OpenAI's append `chat/completions`, Anthropic's `v1/messages`. */
export const baseUrlVariables: Readonly<Record<string, BaseUrl>> = {
  openai: { variable: "OPENAI_BASE_URL", end: "/v1" },
  anthropic: { variable: "ANTHROPIC_BASE_URL", end: "" },
  gemini: { variable: "GOOGLE_GEMINI_BASE_URL", end: "" },
  ollama: { variable: "OLLAMA_HOST", end: "" },
  groq: { variable: "GROQ_BASE_URL", end: "" },
};

export interface MeterPlace {
  readonly url: string;
  /** For a meter that listens on more than the loopback; else null. */
  readonly key: string | null;
}

/** What a person has set stays, and is told: those calls are not counted. */
export function meterVariables(
  given: Readonly<Record<string, string>>,
  about: { readonly agent: string; readonly providers: readonly string[]; readonly place: MeterPlace },
): { readonly variables: Readonly<Record<string, string>>; readonly remarks: readonly string[] } {
  const { agent, providers, place } = about;
  const variables: Record<string, string> = {};
  const remarks: string[] = [];
  for (const provider of providers) {
    const known = baseUrlVariables[provider];
    if (known === undefined) continue;
    const url = `${baseOf(place, agent)}/${provider}${known.end}`;
    const own = given[known.variable];
    if (own === undefined || own === "") variables[known.variable] = url;
    else if (own !== url) {
      remarks.push(
        `${known.variable} is set to ${own} already and stays so: its calls to ${provider} do not go through the meter. To meter them, name that address under meter: providers: and leave the variable out`,
      );
    }
  }
  return { variables, remarks };
}

function baseOf({ url, key }: MeterPlace, agent: string): string {
  return `${url}/meter/${key === null ? "" : `${key}/`}${encodeURIComponent(agent)}`;
}

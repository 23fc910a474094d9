/**
 * How a call is to go wrong, or be odd. Given as words after the model's name, which every client passes on
 * (`stand-in+gzip+tool`), or in the header `x-stand-in: gzip, tool`.
 *
 * | word          | what                                                                                   |
 * | ------------- | -------------------------------------------------------------------------------------- |
 * | `gzip`, `br`  | the answer is packed, where the client says that it takes that                         |
 * | `tool`        | the answer asks to call the tool `look_up` with `{"city":"Bern"}`                      |
 * | `fail`        | 500, after the delay                                                                   |
 * | `flaky`       | the first call of this model fails, the later ones do not                              |
 * | `break`       | the connection is cut in the middle of the answer                                      |
 * | `hold`        | the second half of a stream is held back until the client goes away                    |
 * | `silent`      | usage is told to nobody, however much they ask                                         |
 * | `chunks=20`   | pieces of text in a stream; at most 10,000                                             |
 * | `delay=50`    | milliseconds before the answer and between the pieces of a stream; at most 10,000      |
 */
export interface Knobs {
  readonly encoding: "gzip" | "br" | null;
  readonly callsTool: boolean;
  readonly fails: boolean;
  readonly isFlaky: boolean;
  readonly breaks: boolean;
  readonly holds: boolean;
  readonly isSilent: boolean;
  readonly chunks: number;
  readonly delayMs: number;
}

export function knobsOf(model: string, header: string | undefined): Knobs {
  const words = [...model.split("+").slice(1), ...(header ?? "").split(",")].map((word) => word.trim());
  const number = (name: string, otherwise: number): number => {
    const given = words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
    return Math.min(10_000, Number(given ?? otherwise));
  };
  return {
    encoding: words.includes("gzip") ? "gzip" : words.includes("br") ? "br" : null,
    callsTool: words.includes("tool"),
    fails: words.includes("fail"),
    isFlaky: words.includes("flaky"),
    breaks: words.includes("break"),
    holds: words.includes("hold"),
    isSilent: words.includes("silent"),
    chunks: number("chunks", 4),
    delayMs: number("delay", 0),
  };
}

/** The calls of one version of the AI SDK, whose packages are handed in: versions differ in what they are called and not in how. */
export function aiCalls({ generateText, streamText, createOpenAI, createAnthropic, createGoogle }) {
  const models = {
    openai: ({ model, fetch }) =>
      createOpenAI({ apiKey: "sk-test", baseURL: process.env.OPENAI_BASE_URL, fetch })(model),
    chat: ({ model, fetch }) =>
      createOpenAI({ apiKey: "sk-test", baseURL: process.env.OPENAI_BASE_URL, fetch }).chat(model),
    anthropic: ({ model, fetch }) =>
      createAnthropic({ apiKey: "sk-test", baseURL: `${process.env.ANTHROPIC_BASE_URL}/v1`, fetch })(model),
    google: ({ model, fetch }) =>
      createGoogle({ apiKey: "test", baseURL: `${process.env.GOOGLE_GEMINI_BASE_URL}/v1beta`, fetch })(model),
  };
  const prompt = "Where is it raining?";
  const whole = (of) => async (given) => (await generateText({ model: models[of](given), prompt })).text;
  const stream = (of) => async (given) => {
    let heard = "";
    for await (const piece of streamText({ model: models[of](given), prompt }).textStream) heard += piece;
    return heard;
  };
  const aborted = (of) => async (given) => {
    const abort = new AbortController();
    const { textStream } = streamText({
      model: models[of](given),
      prompt,
      abortSignal: abort.signal,
      onError: () => undefined,
    });
    for await (const piece of textStream) {
      abort.abort();
      return piece;
    }
    return "";
  };
  return {
    openai: whole("openai"),
    openaiStream: stream("openai"),
    openaiAborted: aborted("openai"),
    chat: whole("chat"),
    chatStream: stream("chat"),
    anthropic: whole("anthropic"),
    anthropicStream: stream("anthropic"),
    anthropicAborted: aborted("anthropic"),
    google: whole("google"),
    googleStream: stream("google"),
  };
}

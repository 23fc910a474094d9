/** For coding agents, which name their model and leave out the one provider that everybody knows. */
export function providerOfModel(model: string | null): string | null {
  if (model === null) return null;
  if (model.startsWith("claude")) return "anthropic";
  if (model.startsWith("gemini")) return "google";
  return /^(?:gpt-|o\d|codex|chatgpt)/.test(model) ? "openai" : null;
}

import { maxAgents, type Census } from "../ledger/census.ts";

/** Why usage of an agent that never beat is not taken, in words; null when it is. */
export function refusalOfUnknown(given: {
  readonly census: Pick<Census, "get" | "hasRoomFor">;
  readonly strict: boolean;
}): (agent: string) => string | null {
  const { census, strict } = given;
  return (agent) => {
    if (strict && census.get(agent) === undefined) {
      return `no agent is called ${agent}, and this server is strict: add it to the configuration, or set \`strict: false\``;
    }
    return census.hasRoomFor(agent) ? null : `there are ${maxAgents} agents already, the most this server watches`;
  };
}

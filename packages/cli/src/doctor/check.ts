import type { Remark } from "./remark.ts";
import type { World } from "./world.ts";

/** One thing that is looked at: a probe gathers facts, a pure judge says what is wrong with them. */
export interface Check {
  /** As it stands in the list of what was looked at. */
  readonly name: string;
  run(world: World): Promise<readonly Remark[]>;
}

/** Ties a probe to its judge, so that the facts between them are the check's own business. */
export function check<Facts>(parts: {
  readonly name: string;
  readonly probe: (world: World) => Facts | Promise<Facts>;
  readonly judge: (facts: Facts) => readonly Remark[];
}): Check {
  const { name, probe, judge } = parts;
  return { name, run: async (world) => judge(await probe(world)) };
}

export { Midwatch, type BeatFields, type CyclesOptions } from "./midwatch.ts";
export { heartbeat, type HeartbeatFields } from "./heartbeat.ts";
export type { Cycle } from "./cycle.ts";
export type { Directive } from "./reporter.ts";
export type { MidwatchOptions } from "./settings.ts";
export type { Duration } from "./duration.ts";
export type { Status } from "./fields.ts";

/**
 * That a process was killed because memory ran out, and how sure that is. A bare SIGKILL or status 137 proves nothing:
 * anybody can send one (measured: an external `kill -9` and a real out-of-memory kill look alike to the parent).
 */
export interface OutOfMemory {
  /** `certain`: something named this very process; `likely`: a counter of its control group rose as it died. */
  readonly confidence: "certain" | "likely";
  /** What said so, as a clause for a person: "the kernel's log names it". */
  readonly seen: string;
}

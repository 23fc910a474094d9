/** A bug in Midwatch itself, never a fault of the world. Nothing catches it on purpose. */
class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** States what must hold here and why; a broken invariant is a bug and crashes. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new InvariantError(`invariant broken: ${why}`);
}

/** For the default branch of an exhaustive switch: reaching it does not compile, and crashes if it happens. */
export function unreachable(value: never): never {
  throw new InvariantError(`invariant broken: no case for ${JSON.stringify(value)}`);
}

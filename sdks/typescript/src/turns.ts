/** Does one task after the other; each caller is told how its own went. */
export function oneAtATime(): <R>(task: () => Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return async (task) => {
    const turn = last.then(task);
    // The next one comes also after one that failed; its caller is told by `turn`.
    last = turn.catch(() => undefined);
    return turn;
  };
}

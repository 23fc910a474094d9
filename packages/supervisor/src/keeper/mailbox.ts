/** One thing after the other, in the order of their coming: whoever reads and changes an agent's state does it in here. */
export class Mailbox {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the task does; a task that rejects does not keep the next from its turn. */
  post<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    // Another promise than the one caught above: a failure that nobody awaits is a bug, and is not to be swallowed.
    return turn.then((result) => result);
  }
}

// In which order agents are started and stopped. `after:` is an order and no requirement: what comes after waits until those
// before it are up or have come to their end, so that nothing stays down silently because of another's trouble.

export interface Ordered {
  readonly name: string;
  readonly after: readonly string[];
}

/** Groups to be stopped one after the other: what comes after others goes first. */
export function stopOrder<T extends Ordered>(agents: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  let left = [...agents];
  while (left.length > 0) {
    const free = left.filter(({ name }) => !left.some(({ after }) => after.includes(name)));
    // A circle, which the configuration refuses: stopped together rather than never.
    const group = free.length > 0 ? free : left;
    groups.push(group);
    left = left.filter((agent) => !group.includes(agent));
  }
  return groups;
}

/** What others come after goes first. */
export function startOrder<T extends Ordered>(agents: readonly T[]): readonly T[] {
  return stopOrder(agents).toReversed().flat();
}

/** Everything that comes after this agent, directly or not, in the order of starting. */
export function dependentsOf<T extends Ordered>(agents: readonly T[], name: string): readonly T[] {
  const reached = new Set([name]);
  for (let grown = true; grown;) {
    grown = false;
    for (const agent of agents) {
      if (reached.has(agent.name) || !agent.after.some((one) => reached.has(one))) continue;
      reached.add(agent.name);
      grown = true;
    }
  }
  reached.delete(name);
  return startOrder(agents.filter((agent) => reached.has(agent.name)));
}

/** The names of a circle, such as ["a", "b", "a"]; null when there is none. */
export function findCircle(agents: readonly Ordered[]): readonly string[] | null {
  const after = new Map(agents.map((agent) => [agent.name, agent.after]));
  const walk = (name: string, path: readonly string[]): readonly string[] | null => {
    const seen = path.indexOf(name);
    if (seen >= 0) return [...path.slice(seen), name];
    for (const next of after.get(name) ?? []) {
      const circle = walk(next, [...path, name]);
      if (circle) return circle;
    }
    return null;
  };
  for (const { name } of agents) {
    const circle = walk(name, []);
    if (circle) return circle;
  }
  return null;
}

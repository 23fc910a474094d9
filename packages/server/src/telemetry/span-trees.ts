// Who is below whom, as far as spans have come. Frameworks tell the same tokens twice: a span of an agent carries the sum of
// the calls below it, and two instrumentations of one call nest their spans. Children end first, so they mostly come first, but
// a parent may come in another request or from another process, and either may be late; so what is remembered is
// symmetric, and any order of the same spans leads to the same count.
//
// Of each span that was heard of: its parent, whether usage was told below it, how much was counted below it, and how much of its
// own count was found again below it. All of it is in memory, bounded, and forgotten in the order in which it stops to matter: first
// spans that came a while ago, later those that children named and that have not come yet. After a restart nothing is known, which
// `isKnown` says.

import { MINUTE, HOUR, type CallTokens, type DurationMs } from "@midwatch/core";

/** Spans that came longer ago are forgotten: a child that comes later than this is not found out. */
const arrivedKeptMs: DurationMs = 5 * MINUTE;
/** How long children are remembered whose parent has not ended: longer than any reasonable turn. */
const awaitedKeptMs: DurationMs = 24 * HOUR;
const maxNodes = 100_000;
/** Of one trace: an agent that never ends its trace must not push out all others. */
const maxTraceNodes = 2_000;
/** Spans above each other; deeper ones are not followed. */
const maxDepth = 200;

interface Node {
  parent: string | null;
  arrived: boolean;
  /** Usage was told below it. */
  covered: boolean;
  /** Tokens counted below it. */
  below: number;
  /** Its own tokens, counted by itself or in a span above it; null while they are in no count. */
  told: number | null;
  /** How much of `told` was told again by spans below it. */
  absorbed: number;
  /** Null until it is decided; the same span sent again is decided alike. */
  counts: boolean | null;
  /** The tool whose execution it told, and the one told by a span right below it. */
  tool: string | null;
  toolBelow: string | null;
}

interface Tree {
  readonly nodes: Map<string, Node>;
  touchedAt: DurationMs;
}

export interface SpanPlace {
  readonly trace: string;
  readonly span: string;
  readonly parent: string | null;
}

export class SpanTrees {
  readonly #trees = new Map<string, Tree>();
  readonly #monotonic: () => DurationMs;
  #size = 0;
  #prunedAt = 0;

  constructor(monotonic: () => DurationMs) {
    this.#monotonic = monotonic;
  }

  /** Spans remembered now. */
  get size(): number {
    return this.#size;
  }

  /** A span came: from now on its parent is known. */
  arrive({ trace, span, parent }: SpanPlace): void {
    const tree = this.#tree(trace);
    const node = this.#node(tree, span);
    if (node.arrived) return;
    node.arrived = true;
    node.parent = parent === span ? null : parent;
    if (node.covered) this.#cover(tree, node.parent);
    if (node.below > 0) this.#addBelow(tree, node.parent, node.below);
  }

  isKnown(trace: string, span: string): boolean {
    return this.#trees.get(trace)?.nodes.get(span)?.arrived ?? false;
  }

  /** Whether a call of this trace was counted since this process began: then what is below a sum is known. */
  hasCounted(trace: string): boolean {
    const nodes = this.#trees.get(trace)?.nodes.values();
    return nodes !== undefined && nodes.some((node) => node.counts === true);
  }

  /** Usage was told by this span: all above it know now that theirs may be a sum. */
  tell({ trace, parent }: SpanPlace): void {
    this.#cover(this.#tree(trace), parent);
  }

  isCovered(trace: string, span: string): boolean {
    return this.#trees.get(trace)?.nodes.get(span)?.covered ?? false;
  }

  /** How many spans are above it, as far as they are known. */
  depth(trace: string, span: string): number {
    return [...this.#above(this.#tree(trace), span)].length;
  }

  /**
   * Whether a call counts. It does not when as much was counted below it already (the inner spans are the more exact ones),
   * or when it is found again in what a span above it has counted.
   */
  count({ trace, span }: SpanPlace, usage: CallTokens): boolean {
    const tokens = usage.inputTokens + usage.outputTokens;
    const tree = this.#tree(trace);
    const node = this.#node(tree, span);
    if (node.counts !== null) return node.counts;
    const isBelow = tokens > 0 && node.below >= tokens;
    const isAbove = !isBelow && tokens > 0 && this.#absorb(tree, span, tokens);
    node.counts = !isBelow && !isAbove;
    if (!isBelow) node.told = tokens;
    if (node.counts) this.#addBelow(tree, node.parent, tokens);
    return node.counts;
  }

  /** Whether a tool's execution counts: not when the span right above or below it tells of the same tool. */
  countTool({ trace, span, parent }: SpanPlace, tool: string): boolean {
    const tree = this.#tree(trace);
    const node = this.#node(tree, span);
    if (node.counts === false) return false;
    const above = parent === null ? null : this.#node(tree, parent);
    if (node.tool === null && (node.toolBelow === tool || above?.tool === tool)) {
      node.counts = false;
      return false;
    }
    node.tool = tool;
    if (above) above.toolBelow = tool;
    return true;
  }

  #absorb(tree: Tree, span: string, tokens: number): boolean {
    for (const node of this.#above(tree, span)) {
      if (node.told === null || node.told - node.absorbed < tokens) continue;
      node.absorbed += tokens;
      return true;
    }
    return false;
  }

  #cover(tree: Tree, from: string | null): void {
    for (let span = from, depth = 0; span !== null && depth < maxDepth; depth += 1) {
      const node = this.#node(tree, span);
      // Whoever covered it has covered all that is above it.
      if (node.covered) return;
      node.covered = true;
      span = node.parent;
    }
  }

  #addBelow(tree: Tree, from: string | null, tokens: number): void {
    for (let span = from, depth = 0; span !== null && depth < maxDepth; depth += 1) {
      const node = this.#node(tree, span);
      node.below += tokens;
      span = node.parent;
    }
  }

  *#above(tree: Tree, span: string): Generator<Node> {
    let parent = tree.nodes.get(span)?.parent ?? null;
    for (let depth = 0; parent !== null && depth < maxDepth; depth += 1) {
      const node = tree.nodes.get(parent);
      if (!node) return;
      yield node;
      parent = node.parent;
    }
  }

  #tree(trace: string): Tree {
    const known = this.#trees.get(trace);
    const now = this.#monotonic();
    if (known) {
      known.touchedAt = now;
      return known;
    }
    const tree: Tree = { nodes: new Map(), touchedAt: now };
    this.#trees.set(trace, tree);
    return tree;
  }

  #node(tree: Tree, span: string): Node {
    const known = tree.nodes.get(span);
    if (known) return known;
    const node: Node = {
      parent: null,
      arrived: false,
      covered: false,
      below: 0,
      told: null,
      absorbed: 0,
      counts: null,
      tool: null,
      toolBelow: null,
    };
    tree.nodes.set(span, node);
    this.#size += 1;
    return node;
  }

  /** Forgets what has stopped to matter. Called between two requests, never within one. */
  prune(): void {
    const now = this.#monotonic();
    const isFull = this.#size > maxNodes;
    for (const tree of this.#trees.values()) {
      if (tree.nodes.size > maxTraceNodes) this.#forgetArrived(tree, maxTraceNodes / 2);
    }
    if (!isFull && now - this.#prunedAt < MINUTE) return;
    this.#prunedAt = now;
    for (const [trace, tree] of this.#trees) {
      const idleMs = now - tree.touchedAt;
      if (idleMs > arrivedKeptMs || isFull) this.#forgetArrived(tree, 0);
      if (tree.nodes.size > 0 && idleMs <= awaitedKeptMs) continue;
      this.#forgetTree(trace, tree);
    }
    // Still too much: the traces that came up first go.
    for (const [trace, tree] of this.#trees) {
      if (this.#size <= maxNodes / 2) break;
      if (this.#size > maxNodes || isFull) this.#forgetTree(trace, tree);
    }
  }

  #forgetArrived(tree: Tree, keep: number): void {
    for (const [span, node] of tree.nodes) {
      if (tree.nodes.size <= keep) break;
      if (!node.arrived) continue;
      tree.nodes.delete(span);
      this.#size -= 1;
    }
    // Only spans that have not come are left, and still too many: the first go.
    for (const span of tree.nodes.keys()) {
      if (tree.nodes.size <= maxTraceNodes) break;
      tree.nodes.delete(span);
      this.#size -= 1;
    }
  }

  #forgetTree(trace: string, tree: Tree): void {
    this.#size -= tree.nodes.size;
    this.#trees.delete(trace);
  }
}

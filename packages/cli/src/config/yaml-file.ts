import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from "yaml";
import { checkField } from "./field-value.ts";
import type { Field, Fields } from "./fields.ts";

/** One mistake in the file. Lines and columns start at 1; 0 where a mistake has no place. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What was given in one mapping, checked and parsed, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** Walks the document, checks mappings against their tables and collects what is wrong, each mistake with its place. */
export class YamlFile {
  readonly problems: Problem[] = [];
  readonly root: unknown;
  readonly #lines = new LineCounter();
  readonly #environment: NodeJS.ProcessEnv;

  constructor(text: string, environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const error of document.errors) this.complain(error.pos[0], error.message.split("\n")[0] ?? "not YAML");
    this.root = document.contents;
  }

  /** Checks one mapping against its table and returns what was given, parsed. */
  fields(node: unknown, where: string, fields: Fields): Values {
    const map = this.map(node, where);
    const values: Record<string, unknown> = {};
    for (const [key, at] of this.keys(map)) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (field === undefined) {
        this.complain(at, `${where} has no setting "${key}"; there are ${Object.keys(fields).join(", ")}`);
        continue;
      }
      const value = checkField(this.substituted(map?.get(key, true)), field);
      const inside = `${where}.${key}`;
      if (value.ok && field.type === "named") values[key] = this.#named(map?.get(key, true), inside, field);
      else if (value.ok && field.type === "rows") values[key] = this.#rows(map?.get(key, true), inside, field);
      else if (value.ok && field.type === "group") values[key] = this.fields(map?.get(key, true), inside, field.of);
      else if (value.ok) values[key] = value.value;
      else this.complain(offsetOf(map?.get(key, true)) ?? at, `${where}.${key} ${value.wrong}`);
    }
    return values;
  }

  #rows(node: unknown, where: string, field: Extract<Field, { type: "rows" }>): readonly Values[] {
    if (!isSeq(node)) return [];
    return node.items.map((item, index) => {
      const row = this.fields(item, `${where}[${index}]`, field.of);
      for (const name of field.required) {
        if (row[name] === undefined) this.complain(offsetOf(item), `${where}[${index}] has no "${name}"`);
      }
      return row;
    });
  }

  #named(node: unknown, where: string, field: Extract<Field, { type: "named" }>): Readonly<Record<string, Values>> {
    const map = this.map(node, where);
    return Object.fromEntries(
      this.keys(map).map(([name, at]) => {
        if (!field.names.test(name))
          this.complain(at, `${where} has the name "${name}": letters, digits and . _ - only`);
        return [name, this.fields(map?.get(name, true), `${where}.${name}`, field.of)];
      }),
    );
  }

  /** The plain value of a node, `${NAME}` replaced from the environment. */
  substituted(node: unknown): unknown {
    if (isMap(node))
      return Object.fromEntries(this.keys(node).map(([key]) => [key, this.substituted(node.get(key, true))]));
    if (isSeq(node)) return node.items.map((item) => this.substituted(item));
    if (!isScalar(node)) return undefined;
    const { value } = node;
    if (typeof value !== "string") return value;
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const given = this.#environment[name];
      if (given === undefined) this.complain(offsetOf(node), `the environment variable ${name} is not set`);
      return given ?? "";
    });
  }

  map(node: unknown, where: string): YAMLMap | null {
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return null;
    if (isMap(node)) return node;
    this.complain(offsetOf(node), `${where} must be a mapping of names to values`);
    return null;
  }

  keys(map: YAMLMap | null): [string, number | undefined][] {
    return (map?.items ?? []).map(({ key }) => [isScalar(key) ? String(key.value) : String(key), offsetOf(key)]);
  }

  complain(offset: number | undefined, message: string): void {
    const place = offset === undefined ? { line: 0, col: 0 } : this.#lines.linePos(offset);
    this.problems.push({ line: place.line, column: place.col, message });
  }
}

export function offsetOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] | null } | null | undefined)?.range?.[0];
}

import { statSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { StoreError } from "../store-error.ts";
import { explain } from "./sqlite-error.ts";

export type Columns = Record<string, SQLOutputValue>;

/**
 * One open database file and its prepared statements. All SQL is constant text, so each statement is prepared once and
 * found again by its text.
 *
 * Calls are synchronous, so two calls of one process never interleave; other processes are kept apart by SQLite's lock.
 */
export class Connection {
  readonly file: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: number | null;

  constructor(file: string, options: { readonly busyTimeoutMs: number; readonly readOnly: boolean }) {
    this.file = file;
    this.#db = new DatabaseSync(file, {
      timeout: options.busyTimeoutMs,
      readOnly: options.readOnly,
      enableForeignKeyConstraints: true,
    });
    this.#inode = inodeOf(file);
  }

  /** For set-up only: text that runs once. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...values).changes);
  }

  /** The id of the row that was inserted. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...values).lastInsertRowid);
  }

  get(sql: string, ...values: SQLInputValue[]): Columns | undefined {
    return this.statement(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Columns[] {
    return this.statement(sql).all(...values);
  }

  /** The same as rows of values, in the order of the columns: for reads of very many. */
  values(sql: string, ...values: SQLInputValue[]): readonly (readonly SQLOutputValue[])[] {
    const statement = this.statement(sql);
    statement.setReturnArrays(true);
    try {
      return statement.all(...values) as unknown as SQLOutputValue[][];
    } finally {
      // It is found again by its text, also by those who ask for columns by name.
      statement.setReturnArrays(false);
    }
  }

  /** All of `work` or nothing of it; durable when this returns. */
  transaction<T>(work: () => T): T {
    this.#requireFile();
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /** One call of the interface: its result or what went wrong, in the interface's words. */
  perform<T>(work: () => T): Promise<T> {
    return Promise.try(() => {
      if (!this.#db.isOpen) throw new StoreError("closed", `the database ${this.file} was closed already`);
      try {
        return work();
      } catch (error) {
        throw explain(error, this.file);
      }
    });
  }

  /** A deleted file goes on taking writes, all of which are gone when this process ends. Costs 2 µs of a commit's 500. */
  #requireFile(): void {
    if (inodeOf(this.file) === this.#inode) return;
    throw new StoreError(
      "gone",
      `the database ${this.file} was deleted or replaced while it was in use; restart Midwatch, and restore the file from a backup first if you have one`,
    );
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#statements.clear();
    this.#db.close();
  }
}

function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

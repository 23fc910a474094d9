import { StoreError, type StoreErrorCode } from "../store-error.ts";

/** What `node:sqlite` throws: `errcode` is SQLite's extended result code. */
interface SqliteFailure extends Error {
  readonly errcode: number;
}

/** What is wrong in the interface's words, and what a person can do about it. */
interface Trouble {
  readonly code: StoreErrorCode;
  readonly words: (file: string, detail: string) => string;
}

const full: Trouble = {
  code: "full",
  words: (file) =>
    `no room left for the database ${file}: free some space on its disk; Midwatch goes on by itself then`,
};

const busy: Trouble = {
  code: "busy",
  words: (file) =>
    `the database ${file} is held by another process: see what else has it open (a backup, a second server), or try again`,
};

const readOnly: Trouble = {
  code: "read-only",
  words: (file) =>
    `the database ${file} cannot be written: give the user that runs Midwatch write access to it, to the files beside it that begin with its name, and to the folder, or choose another folder with --data`,
};

const corrupt: Trouble = {
  code: "corrupt",
  words: (file, detail) =>
    `the database ${file} is damaged or is no SQLite file (${detail}): move it away and restore a backup, or start with an empty folder`,
};

const unopened: Trouble = {
  code: "failed",
  words: (file, detail) =>
    `the database ${file} cannot be opened (${detail}): see that it is a file, that its folder is a folder, and that the user that runs Midwatch may read both`,
};

const badDisk: Trouble = {
  code: "failed",
  words: (file, detail) =>
    `the disk that holds the database ${file} reports an error (${detail}): check the disk and its mount, then start Midwatch again`,
};

const other: Trouble = {
  code: "failed",
  words: (file, detail) => `the database ${file} could not do what was asked: ${detail}`,
};

/**
 * Translates what SQLite or the file system threw. Anything else (a bug, or what a `decide` threw) is handed
 * back as it is.
 */
export function explain(error: unknown, file: string): unknown {
  const trouble = troubleOf(error);
  if (!trouble || !(error instanceof Error)) return error;
  return new StoreError(trouble.code, trouble.words(file, error.message), error);
}

function troubleOf(error: unknown): Trouble | null {
  if (isSqliteFailure(error)) return sqliteTrouble(error.errcode);
  if (isFileFailure(error)) return fileTrouble(error.code);
  return null;
}

function isSqliteFailure(error: unknown): error is SqliteFailure {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

function isFileFailure(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

/** SQLite could not grow the shared-memory file, which only a full disk does in practice. */
const ioErrorShmSize = 10 | (19 << 8);

function sqliteTrouble(errcode: number): Trouble {
  if (errcode === ioErrorShmSize) return full;
  // The low byte is the primary result code: https://sqlite.org/rescode.html
  switch (errcode & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
    case 15: // SQLITE_PROTOCOL: lost too many races for a lock
      return busy;
    case 3: // SQLITE_PERM
    case 8: // SQLITE_READONLY
      return readOnly;
    case 10: // SQLITE_IOERR
      return badDisk;
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return corrupt;
    case 13: // SQLITE_FULL
      return full;
    case 14: // SQLITE_CANTOPEN
      return unopened;
    default:
      return other;
  }
}

function fileTrouble(code: string): Trouble {
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return readOnly;
    case "ENOSPC":
    case "EDQUOT":
      return full;
    case "EEXIST":
    case "EISDIR":
    case "ENOENT":
    case "ENOTDIR":
      return unopened;
    case "EIO":
      return badDisk;
    default:
      return other;
  }
}

import { StoreError, type StoreErrorCode } from "../store-error.ts";

/** What `node:sqlite` throws: `errcode` is SQLite's extended result code. */
interface SqliteFailure extends Error {
  readonly errcode: number;
}

/** SQLite could not grow the shared-memory file, which only a full disk does in practice. */
const ioErrorShmSize = 10 | (19 << 8);

/**
 * Translates what SQLite or the file system threw. Anything else (a bug, or what a `decide` threw) is handed
 * back as it is.
 */
export function explain(error: unknown, file: string): unknown {
  if (isSqliteFailure(error)) {
    const code = codeOf(error.errcode);
    return new StoreError(code, words(code, file, error.message), error);
  }
  if (isFileFailure(error)) {
    const code = fileCodeOf(error.code);
    return new StoreError(code, words(code, file, error.message), error);
  }
  return error;
}

function isSqliteFailure(error: unknown): error is SqliteFailure {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

function isFileFailure(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

function codeOf(errcode: number): StoreErrorCode {
  if (errcode === ioErrorShmSize) return "full";
  // The low byte is the primary result code: https://sqlite.org/rescode.html
  switch (errcode & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return "busy";
    case 8: // SQLITE_READONLY
      return "read-only";
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return "corrupt";
    case 13: // SQLITE_FULL
      return "full";
    default:
      return "failed";
  }
}

function fileCodeOf(code: string): StoreErrorCode {
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "read-only";
    case "ENOSPC":
    case "EDQUOT":
      return "full";
    default:
      return "failed";
  }
}

function words(code: StoreErrorCode, file: string, detail: string): string {
  switch (code) {
    case "full":
      return `no room left for the database ${file}: free some space on its disk; Midwatch goes on by itself then`;
    case "busy":
      return `the database ${file} is held by another process: see what else has it open (a backup, a second server), or try again`;
    case "read-only":
      return `the database ${file} cannot be written: give the user that runs Midwatch write access to the file and its folder, or choose another folder with --data`;
    case "corrupt":
      return `the database ${file} is damaged or is no SQLite file (${detail}): move it away and restore a backup, or start with an empty folder`;
    case "too-new":
    case "closed":
    case "bad-cursor":
    case "failed":
      return `the database ${file} could not do what was asked: ${detail}`;
  }
}

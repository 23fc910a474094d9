export * from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite/open.ts";

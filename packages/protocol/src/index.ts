export * from "./api.ts";
export * from "./supervisor-link.ts";

import type { AlertNotice } from "@midwatch/core";
import type { NoticeRow } from "@midwatch/store";

/** Reads a notice back. Written by the ledger from an `AlertNotice`; JSON keeps its shape. */
export function noticeOf({ body }: NoticeRow): AlertNotice {
  return body as unknown as AlertNotice;
}

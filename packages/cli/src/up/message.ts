/** What a child of `midwatch up` tells its parent. */
export type ChildMessage = { readonly ready: { readonly url: string; readonly signInLink: string } | null };

/** Tells the parent; false when there is none, because the command was started by hand. */
export function tellParent(message: ChildMessage): boolean {
  if (process.send === undefined || !process.connected) return false;
  process.send(message, undefined, undefined, () => {
    // The parent may have died a moment ago; this process goes on without it.
  });
  return true;
}

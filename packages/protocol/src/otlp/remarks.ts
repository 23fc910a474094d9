/** What is odd about one call, in words; the first few, because a sender that is wrong is wrong in every call. */
export class Remarks {
  readonly list: string[] = [];

  add(remark: string): void {
    if (this.list.length < 5 && !this.list.includes(remark)) this.list.push(remark);
  }
}

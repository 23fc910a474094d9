import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rejectsWith } from "../testing/contract/claims.ts";
import { counting } from "../testing/fixture.ts";
import { inFolder } from "../testing/folder.ts";
import { openSqliteStore } from "./open.ts";

test("nothing is acknowledged once the database was deleted, or another put in its place", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "midwatch.db");
    const store = await openSqliteStore({ file });
    await store.fold(["bot"], counting(["bot"]));

    renameSync(file, `${file}.moved`);
    await rejectsWith("gone", () => store.fold(["bot"], counting(["bot"])));
    writeFileSync(file, "");
    await rejectsWith("gone", () => store.fold(["bot"], counting(["bot"])));

    rmSync(file);
    renameSync(`${file}.moved`, file);
    await store.fold(["bot"], counting(["bot"]));
    await store.close();
  });
});

// A process of its own for one heavy task: it is told the task, answers, and ends. When its supervisor is gone it ends as well.

import { describeError } from "../failure.ts";
import { performHere, type Task, type TaskResult } from "./tasks.ts";

process.on("disconnect", () => process.exit());
process.once("message", (task) => {
  void performHere(task as Task)
    .catch((error: unknown): TaskResult => ({ did: "fail", why: describeError(error) }))
    .then((result) => process.send?.(result));
});

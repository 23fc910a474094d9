import { checkNow } from "./quick-check.ts";

process.stdout.write(JSON.stringify(checkNow(process.argv[2] ?? "")));

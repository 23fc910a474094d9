/** What to type for this command: installed it is `midwatch`, in a clone it is run from its sources. */
export const commandName = import.meta.url.endsWith(".ts") ? "npm run midwatch --" : "midwatch";

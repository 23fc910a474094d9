// `node run.mjs CLIENT WAY CASE…`: calls models with one real client, each case once, and beats after each with its name. The clients
// find the provider by the environment alone (`OPENAI_BASE_URL` and its like), as in anybody's program.
//
// ways: `fetch` hands `watch.fetch` to the client; `preload` expects the meter to be preloaded; `proxy` knows nothing of Midwatch.

const [client, way, ...cases] = process.argv.slice(2);
const { calls } = await import(`./${client}.mjs`);
const watch = way === "proxy" ? null : new (await import(process.env.MIDWATCH_SDK)).Midwatch({ patience: "30s" });

for (const name of cases) {
  const [kind] = name.split("+");
  const heard = await calls[kind]({ model: `model-${name}`, fetch: way === "fetch" ? watch.fetch : undefined });
  console.log(JSON.stringify({ case: name, heard }));
  await watch?.beat({ message: name });
}
await watch?.flush("30s");

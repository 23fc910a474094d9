// Node's HTTP, asked for by name. An `import` of it reads everything it offers, and one of those things is `WebSocket`, which loads
// Node's whole `fetch`: measured with Node 26, 17 MB of memory instead of 3, in a process that lives beside the agents for months.

export const http = process.getBuiltinModule("node:http");

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { until } from "../testing/until.ts";
import { Inspector } from "./inspector.ts";

/** A WebSocket server that says one thing to whoever comes, and hears nothing. */
async function serverThatSays(t: TestContext, text: string): Promise<string> {
  const server = createServer();
  server.on("upgrade", (request, socket: Socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join("\r\n")}\r\n\r\n`);
    socket.on("data", () => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)])));
    socket.on("error", () => undefined);
    t.after(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await until("the server listens", () => server.listening);
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

for (const said of ["no json", "null", `{"method":"Debugger.scriptParsed"}`]) {
  test(`a server that answers ${said} is no debugger, and harms nobody`, async (t) => {
    const inspector = await Inspector.connect(await serverThatSays(t, said), 20_000);
    inspector.listen(({ params }) => assert.equal(typeof (params as { scriptId: string }).scriptId, "string"));
    await assert.rejects(inspector.call("Debugger.enable", {}, 20_000), {
      name: "InspectorError",
      message: /as a debugger/,
    });
    inspector.close();
  });
}

test("a call that is not answered ends by itself", async (t) => {
  const inspector = await Inspector.connect(await serverThatSays(t, `{"id":77}`), 20_000);
  await assert.rejects(inspector.call("Debugger.enable", {}, 50), { name: "InspectorError", message: /within 50 ms/ });
  inspector.close();
});

test("where nobody listens there is an error in words", async () => {
  await assert.rejects(Inspector.connect("ws://127.0.0.1:1/", 20_000), { name: "InspectorError" });
});

import assert from "node:assert/strict";
import { endianness } from "node:os";
import { test } from "node:test";
import { parseInternetTable, parseUnixTable } from "./sockets.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, remote: string, state: string, queues = "00000000:00000000"): string =>
  `   0: ${local} ${remote} ${state} ${queues} 00:00000000 00000000     0        0 1889277 1 0000 100 0 0 10 0`;

test("a row of the kernel's table becomes addresses, a state and queues", (t) => {
  if (endianness() !== "LE") {
    console.error(`SKIPPED: ${t.name}: the recorded rows are of a little-endian machine`);
    return t.skip("the recorded rows are of a little-endian machine");
  }
  const [one] = parseInternetTable("TCP", head + row("0100007F:B4B1", "0500000A:01BB", "01", "00000010:00000200"));
  assert.deepEqual(one, {
    inode: "1889277",
    kind: "TCP",
    local: "127.0.0.1:46257",
    localPort: 46257,
    remote: "10.0.0.5:443",
    state: "established",
    unread: 512,
    unsent: 16,
  });
  const far = (text: string): string | null | undefined =>
    parseInternetTable("TCP", row("0100007F:B4B1", text, "01"))[0]?.remote;
  assert.equal(far("0000000000000000FFFF00000500000A:01BB"), "10.0.0.5:443");
  assert.equal(far("00000000000000000000000001000000:01BB"), "[::1]:443");
  assert.equal(far("B80D01200000000000000000BD9A0120:01BB"), "[2001:db8::2001:9abd]:443");
  assert.equal(far("B80D0120000000000100000000000000:01BB"), "[2001:db8::1:0:0]:443");
});

test("a listening socket has no other side", () => {
  const [one] = parseInternetTable("TCP", row("0100007F:1F90", "00000000:0000", "0A", "00000000:00000003"));
  assert.equal(one?.state, "listening");
  assert.equal(one.remote, null);
});

test("what is no row is no socket", () => {
  assert.deepEqual(parseInternetTable("TCP", `${head}\n\nnonsense`), []);
  assert.deepEqual(parseUnixTable("Num RefCount Protocol Flags Type St Inode Path\n"), []);
});

test("a unix socket tells its path and whether it listens", () => {
  const table = [
    "ffff: 00000002 00000000 00010000 0001 01 4711 /run/agent.sock",
    "ffff: 00000003 00000000 00000000 0001 03 4712",
  ].join("\n");
  assert.deepEqual(
    parseUnixTable(table).map(({ local, state }) => [local, state]),
    [
      ["/run/agent.sock", "listening"],
      ["", "established"],
    ],
  );
});

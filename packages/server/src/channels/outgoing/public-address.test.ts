import assert from "node:assert/strict";
import test from "node:test";
import { isNearAddress, isPrivateHost, isPublicAddress, mayReach } from "./public-address.ts";

const refused: readonly (readonly [string, string])[] = [
  ["127.0.0.1", "loopback"],
  ["127.8.8.8", "all of 127/8"],
  ["10.0.0.1", "private"],
  ["172.16.0.1", "private"],
  ["192.168.1.1", "private"],
  ["169.254.169.254", "link-local, where clouds keep their secrets"],
  ["100.64.0.1", "shared with a carrier"],
  ["0.0.0.0", "this machine"],
  ["224.0.0.1", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["198.18.0.1", "benchmarking"],
  ["::1", "loopback"],
  ["::", "this machine"],
  ["::ffff:127.0.0.1", "mapped"],
  ["::ffff:8.8.8.8", "mapped, wherever it leads"],
  ["fc00::1", "unique local"],
  ["fd12:3456::1", "unique local"],
  ["fe80::1", "link-local"],
  ["fec0::1", "old site-local"],
  ["ff02::1", "multicast"],
  ["64:ff9b::7f00:1", "translated to 127.0.0.1"],
  ["2002:7f00:1::", "tunnelled to 127.0.0.1"],
  ["not an address", "nonsense"],
];

for (const [address, why] of refused) {
  test(`${address} is refused: ${why}`, () => assert.equal(isPublicAddress(address), false));
}

for (const address of ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"]) {
  test(`${address} is on the public internet`, () => assert.equal(isPublicAddress(address), true));
}

test("a host is private when it is written as this machine, in any spelling a URL allows", () => {
  for (const url of [
    "http://localhost",
    "http://a.localhost.",
    "http://127.1",
    "http://0x7f.1",
    "http://[::1]",
    "http://2130706433",
  ]) {
    assert.equal(isPrivateHost(new URL(url).hostname), true, url);
  }
  for (const url of [
    "https://example.org",
    "https://localhost.example.org",
    "https://8.8.8.8",
    "https://[2606:4700::1111]",
  ]) {
    assert.equal(isPrivateHost(new URL(url).hostname), false, url);
  }
});

test("an address is near when it is this machine or a private network, and in no other case", () => {
  for (const address of ["127.0.0.1", "10.1.2.3", "100.64.0.1", "::1", "fd12::1", "fe80::1", "::ffff:10.0.0.1"]) {
    assert.equal(isNearAddress(address), true, address);
  }
  for (const address of ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "0.0.0.0", "nonsense"]) {
    assert.equal(isNearAddress(address), false, address);
  }
});

test("a list of ranges opens these, and nothing else that is private", () => {
  const allowed = ["10.20.0.0/16", "192.168.1.7/32", "fd00:1::/32"];
  for (const address of ["10.20.255.1", "192.168.1.7", "::ffff:10.20.0.1", "fd00:1::9", "8.8.8.8", "2606:4700::1111"])
    assert.equal(mayReach(address, allowed), true, address);
  for (const address of [
    "10.21.0.1",
    "192.168.1.8",
    "::ffff:10.21.0.1",
    "fd00:2::9",
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "x",
  ])
    assert.equal(mayReach(address, allowed), false, address);
});

test("a range of everything opens everything of its kind, and a list without ranges nothing", () => {
  assert.equal(mayReach("127.0.0.1", ["0.0.0.0/0"]), true);
  assert.equal(mayReach("::1", ["0.0.0.0/0"]), false);
  assert.equal(mayReach("127.0.0.1", []), false);
});

import { expect, it } from "vitest";
import { networkOf } from "./address.ts";

it("takes an IPv4 address, plain or mapped, as one caller", () => {
  expect(networkOf("192.168.1.20")).toBe("192.168.1.20");
  expect(networkOf("::ffff:192.168.1.20")).toBe("192.168.1.20");
});

it("takes the /64 of an IPv6 address as one caller, however it is written", () => {
  expect(networkOf("2001:db8:0:1:aaaa::1")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:0DB8:0000:0001:bbbb:cccc:dddd:eeee")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:db8:0:2::1")).not.toBe(networkOf("2001:db8:0:1::1"));
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
});

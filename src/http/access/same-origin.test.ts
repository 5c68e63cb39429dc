import { expect, it } from "vitest";
import { senderOf } from "./same-origin.ts";

const PUBLIC = "https://door.example.org";

it.each([
  [{ "sec-fetch-site": "same-origin" }, "same"],
  [{ "sec-fetch-site": "none" }, "same"],
  [{ "sec-fetch-site": "same-site" }, "cross"],
  [{ "sec-fetch-site": "cross-site" }, "cross"],
  [{ "sec-fetch-site": "cross-site", origin: "http://192.168.1.5:5000" }, "cross"],
  [{ "sec-fetch-site": "made up" }, "cross"],
  [{ origin: "http://192.168.1.5:5000" }, "same"],
  [{ origin: PUBLIC }, "same"],
  [{ origin: "http://192.168.1.5:5001" }, "cross"],
  [{ origin: "http://192.168.1.5" }, "cross"],
  [{ origin: "https://evil.example" }, "cross"],
  [{ origin: "http://door.example.org" }, "cross"],
  [{ origin: "null" }, "cross"],
  [{ origin: "not a url" }, "cross"],
  [{ origin: "" }, "cross"],
  [{}, "unsaid"],
])("judges %j as %s", (headers, sender) => {
  expect(senderOf({ host: "192.168.1.5:5000", ...headers }, PUBLIC)).toBe(sender);
});

import { describe, expect, it } from "vitest";
import { parseRoute } from "./route.ts";

describe("parseRoute", () => {
  it("finds every place", () => {
    expect(parseRoute("")).toEqual({ page: "door" });
    expect(parseRoute("#/")).toEqual({ page: "door" });
    expect(parseRoute("#/people")).toEqual({ page: "people" });
    expect(parseRoute("#/system")).toEqual({ page: "system" });
    expect(parseRoute("#/visits/0198")).toEqual({ page: "visit", id: "0198" });
    expect(parseRoute("#/setup?token=dbl_a-b_c")).toEqual({ page: "setup", token: "dbl_a-b_c" });
  });

  it("leads to the door from everywhere else", () => {
    for (const hash of ["#/nowhere", "#/visits", "#/visits/", "#%%"])
      expect(parseRoute(hash)).toEqual({ page: "door" });
  });
});

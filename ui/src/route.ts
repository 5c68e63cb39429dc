/** A place in the page, as the part of the address after `#` names it. */
export type Route =
  | { readonly page: "door" | "people" | "system" }
  | { readonly page: "visit"; readonly id: string }
  | { readonly page: "setup"; readonly token: string };

/** The place that a hash such as `#/visits/0198…` names; the door for everything else. */
export function parseRoute(hash: string): Route {
  const [path = "", query] = hash.replace(/^#\/?/, "").split("?");
  const [place, id] = path.split("/");
  if (place === "people" || place === "system") return { page: place };
  if (place === "visits" && id) return { page: "visit", id };
  if (place === "setup") return { page: "setup", token: new URLSearchParams(query).get("token") ?? "" };
  return { page: "door" };
}

import type { RouteDefinition } from "../http/route.ts";
import { type PeopleRoutesDeps, peopleRoutes } from "./people/routes.ts";
import { type PressRoutesDeps, pressRoutes } from "./press-routes.ts";
import { type AcknowledgeRoutesDeps, acknowledgeRoutes } from "./visit/acknowledge-routes.ts";
import { type VisitRoutesDeps, visitRoutes } from "./visit/routes.ts";

/** What the product's routes need. */
export type DoorbellRoutesDeps = PressRoutesDeps & VisitRoutesDeps & AcknowledgeRoutesDeps & PeopleRoutesDeps;

/** Every route of the product. */
export function doorbellRoutes(deps: DoorbellRoutesDeps): RouteDefinition[] {
  return [...pressRoutes(deps), ...visitRoutes(deps), ...acknowledgeRoutes(deps), ...peopleRoutes(deps)];
}

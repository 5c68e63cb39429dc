import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  CATALOGUE,
  type Catalogue,
  type LabelValues,
  type MetricDefinition,
  type MetricName,
} from "./catalogue.ts";
import type { Role } from "./label-values.ts";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

type ValueOf<V, R extends Role> = V extends readonly (infer T)[]
  ? T
  : V extends { readonly by: infer By }
    ? R extends keyof By
      ? By[R] extends readonly (infer T)[]
        ? T
        : never
      : never
    : string;

/** The labels of a metric as a process of the role may set them: all of them, with catalogued values only. */
export type LabelsOf<N extends MetricName, R extends Role> = {
  readonly [L in keyof Catalogue[N]["labels"]]: ValueOf<Catalogue[N]["labels"][L], R>;
};

/** Labels come first where there are any, so `inc(labels, 2)` but `inc(2)`. */
type LabelArgument<L> = keyof L extends never ? [] : [labels: L];

/** A counter. */
export interface CounterHandle<L> {
  /** Adds `by`, 1 by default, never negative. */
  inc(...args: [...LabelArgument<L>, by?: number]): void;
  /** The counter of one label set, bound once where it is hot. */
  labels(labels: L): { inc(by?: number): void };
}

/** A gauge. It is absent until it is set. */
export interface GaugeHandle<L> {
  set(...args: [...LabelArgument<L>, value: number]): void;
  labels(labels: L): { set(value: number): void };
  /** Takes every label set away: what is no longer known is absent, not 0. */
  clear(): void;
}

/** A histogram. */
export interface HistogramHandle<L> {
  observe(...args: [...LabelArgument<L>, value: number]): void;
  labels(labels: L): { observe(value: number): void };
}

type Handle<N extends MetricName, R extends Role> = {
  readonly counter: CounterHandle<LabelsOf<N, R>>;
  readonly gauge: GaugeHandle<LabelsOf<N, R>>;
  readonly histogram: HistogramHandle<LabelsOf<N, R>>;
}[Catalogue[N]["type"]];

/** The metrics that a role feeds, each under its name in camel case, such as `pipelineEventsTotal`. */
export type MetricHandles<R extends Role> = {
  readonly [N in MetricName as R extends Catalogue[N]["fedBy"][number] ? Camel<N> : never]: Handle<N, R>;
};

/** Reading of what the handles hold. */
export interface Exposer {
  /** Prometheus' text format 0.0.4. */
  exposition(): Promise<string>;
  /**
   * Registers a function that sets gauges just before each exposition. One that fails costs its own figures
   * only: it must leave no old ones behind.
   */
  onScrape(feed: () => void | Promise<void>): void;
}

/** What a process holds of its metrics: a handle each, and how they are read. */
export type Metrics<R extends Role> = MetricHandles<R> & Exposer;

/** Who this process is, and where the failure of an `onScrape` function goes. */
export interface MetricsOptions<R extends Role> {
  readonly role: R;
  /** The label `instance` of every sample: unique among the processes that run at the same time. */
  readonly instance: string;
  readonly onFeedError?: (error: unknown) => void;
}

/** Creates the metrics of this process: those of the catalogue that its role feeds, in a registry of their own. */
export function createMetrics<R extends Role>(options: MetricsOptions<R>): Metrics<R> {
  const { role, instance, onFeedError = () => {} } = options;
  const registry = new Registry();
  registry.setDefaultLabels({ instance });
  const feeds: (() => void | Promise<void>)[] = [];

  const handles = Object.entries<MetricDefinition>(CATALOGUE)
    .filter(([, definition]) => definition.fedBy.includes(role))
    .map(([name, definition]) => [camel(name), register(registry, name, definition, role)]);

  const exposer: Exposer = {
    async exposition() {
      const results = await Promise.allSettled(feeds.map(async (feed) => feed()));
      for (const result of results) if (result.status === "rejected") onFeedError(result.reason);
      return registry.metrics();
    },
    onScrape: (feed) => feeds.push(feed),
  };
  return { ...Object.fromEntries(handles), ...exposer };
}

function register(registry: Registry, name: string, definition: MetricDefinition, role: Role): unknown {
  const labelNames = Object.keys(definition.labels);
  const { help, buckets = [] } = definition;
  const options = { name, help, labelNames, registers: [registry] };
  if (definition.type === "histogram") return new Histogram({ ...options, buckets: [...buckets] });
  if (definition.type === "gauge") return gauge(new Gauge(options), labelNames.length > 0);
  const counter = new Counter(options);
  if (definition.fromZero) for (const labels of labelSets(definition.labels, role)) counter.inc(labels, 0);
  return counter;
}

/** prom-client starts and resets a gauge without labels at 0, which would be a claim. */
function gauge(gauge: Gauge, labelled: boolean): GaugeHandle<Record<string, string>> {
  const clear = () => (labelled ? gauge.reset() : gauge.remove({}));
  clear();
  return { set: gauge.set.bind(gauge), labels: gauge.labels.bind(gauge), clear };
}

/** Every label set that a process of the role can produce, as far as values are fixed. */
function labelSets(labels: MetricDefinition["labels"], role: Role): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (sets, [label, values]) =>
      sets.flatMap((set) => fixed(values, role).map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
}

function fixed(values: LabelValues, role: Role): readonly string[] {
  if ("open" in values) return [];
  return "by" in values ? (values.by[role] ?? []) : values;
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

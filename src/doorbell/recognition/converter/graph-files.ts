import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { NETS, type NetName, weightFiles } from "./weights.ts";

/** One text for each net. */
export type PerNet = Readonly<Record<NetName, string>>;

/** The first 8 hexadecimal digits of the SHA-256 of each net's weights as they are installed. */
export async function weightHashes(): Promise<PerNet> {
  return perNet(async (net) => short(await hashFiles(createHash("sha256"), weightFiles(net))));
}

/**
 * File names of the graphs: net, hash of its weights, hash of this converter's source. A graph made from other
 * weights, or by another converter, has another name, so a file that exists is the right one.
 */
export async function graphFiles(): Promise<PerNet> {
  const folder = import.meta.dirname;
  const sources = (await readdir(folder)).filter((name) => !name.includes(".test.")).sort();
  const converter = await hashFiles(
    createHash("sha256"),
    sources.map((name) => join(folder, name)),
  );
  const weights = await weightHashes();
  return perNet(async (net) => `${net}-${weights[net]}-${short(converter)}.onnx`);
}

async function perNet(value: (net: NetName) => Promise<string>): Promise<PerNet> {
  const entries = await Promise.all(NETS.map(async (net) => [net, await value(net)] as const));
  return Object.fromEntries(entries) as PerNet;
}

async function hashFiles(hash: Hash, files: readonly string[]): Promise<Hash> {
  for (const file of files) hash.update(await readFile(file));
  return hash;
}

const short = (hash: Hash): string => hash.copy().digest("hex").slice(0, 8);

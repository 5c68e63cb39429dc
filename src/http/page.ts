import { existsSync } from "node:fs";
import { sep } from "node:path";
import staticFiles from "@fastify/static";
import type { FastifyInstance, onRequestHookHandler } from "fastify";

/**
 * Serves the built web page, open to everybody, one route a file: what is not in the folder at the start
 * cannot be asked for. Vite names the files under `assets/` by their content, so they may be kept for good.
 * @param folder nothing is served where it is absent
 */
export async function servePage(
  app: FastifyInstance,
  folder: string | undefined,
  onRequest: onRequestHookHandler,
): Promise<void> {
  if (folder === undefined || !existsSync(folder)) return;
  await app.register(async (page) => {
    page.addHook("onRequest", onRequest);
    await page.register(staticFiles, {
      root: folder,
      wildcard: false,
      decorateReply: false,
      cacheControl: false,
      acceptRanges: false,
      setHeaders(reply, path) {
        const isNamedByContent = path.includes(`${sep}assets${sep}`);
        reply.header("cache-control", isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  });
}

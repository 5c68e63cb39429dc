/** Entry of the child processes of `child.ts`: calls one exported function and prints what it answers. */
const [module = "", name = "", args = "[]"] = process.argv.slice(2);
const exported = (await import(module)) as Record<string, (...args: unknown[]) => unknown>;
try {
  const result = await exported[name]?.(...(JSON.parse(args) as unknown[]));
  console.log(JSON.stringify({ result }));
} catch (error) {
  const { message, code, retryable } = error as Error & { code?: string; retryable?: boolean };
  console.log(JSON.stringify({ error: { message, code, retryable } }));
}

/** Imported first, it makes the page speak English, whatever this machine speaks. */
Object.defineProperty(globalThis, "navigator", { value: { language: "en-GB" }, configurable: true });

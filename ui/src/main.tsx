import { render } from "preact";
import { App } from "./app.tsx";
import { locale } from "./words.ts";

document.documentElement.lang = locale;
render(<App />, document.getElementById("page")!);

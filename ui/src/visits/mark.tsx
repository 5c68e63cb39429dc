import type { JSX } from "preact";
import type { Standing } from "./visit.ts";

/** A shape for every standing, on 16 by 16: nobody has to tell colours apart. */
const SHAPES: Readonly<Record<Standing, JSX.Element>> = {
  pending: <circle class="edge dashed" cx="8" cy="8" r="6.5" />,
  known: (
    <>
      <circle class="body" cx="8" cy="8" r="7.5" />
      <path class="sign" d="M4.5 8.3 7 10.8l4.6-5.4" />
    </>
  ),
  unknown: (
    <>
      <path class="body" d="M8 0l7 4v8l-7 4-7-4V4z" />
      <path class="sign" d="M5.8 6.2a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.8-1.1 1.5M8 12.2v.1" />
    </>
  ),
  watchlisted: (
    <>
      <path class="body" d="M8 .6 16 15.2H0Z" />
      <path class="sign" d="M8 6v4.3M8 12.7v.1" />
    </>
  ),
  corrected: (
    <>
      <path class="edge" d="M8 1l6.1 3.5v7L8 15l-6.1-3.5v-7z" />
      <path class="edge" d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  too_small: (
    <>
      <path class="edge dashed" d="M8 1l6.1 3.5v7L8 15l-6.1-3.5v-7z" />
      <circle class="dot" cx="8" cy="8" r="1.6" />
    </>
  ),
  no_face: (
    <>
      <rect class="edge" x="1" y="1" width="14" height="14" rx="3" />
      <path class="edge" d="M4.8 8h6.4" />
    </>
  ),
  no_frame: (
    <>
      <rect class="edge" x="1" y="1" width="14" height="14" rx="3" />
      <path class="edge" d="M3.6 12.4l8.8-8.8" />
    </>
  ),
};

/** The shape and colour of a standing; the word stands beside it, so it says nothing itself. */
export function Mark({ standing }: { standing: Standing }) {
  return (
    <svg class={`mark ${standing}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[standing]}
    </svg>
  );
}

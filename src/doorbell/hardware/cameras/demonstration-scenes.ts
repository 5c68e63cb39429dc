import type { Scene, SceneFrame } from "./scene.ts";

/** Somebody whom the demonstration enrols before the first visit. */
export interface DemonstrationPerson {
  readonly name: string;
  readonly watchlisted: boolean;
  /** Where one face is to be seen, and only that of the person. */
  readonly enrolment: readonly SceneFrame[];
}

/** A region of 4 to 3. @param width px, a multiple of 4 */
const region = (file: string, left: number, top: number, width: number): SceneFrame => ({
  file,
  left,
  top,
  width,
  height: (width * 3) / 4,
});

/** The one is enrolled from another photo than her visit shows, the other from other regions of the same photo. */
export const demonstrationPeople: readonly DemonstrationPerson[] = [
  {
    name: "Demonstration: resident",
    watchlisted: false,
    enrolment: [region("sample1.jpg", 1140, 60, 760), region("sample1.jpg", 1180, 20, 720)],
  },
  {
    name: "Demonstration: watchlist",
    watchlisted: true,
    enrolment: [region("sample6.jpg", 0, 330, 660), region("sample6.jpg", 40, 360, 620)],
  },
];

/** What happens at the demonstration door, in turn. */
export const demonstrationScenes: readonly Scene[] = [
  {
    id: "resident",
    role: "enrolled",
    description: "The resident, in another photo than the one she is enrolled from.",
    frames: [
      region("sample3.jpg", 820, 60, 680),
      region("sample3.jpg", 800, 40, 700),
      region("sample3.jpg", 840, 80, 660),
    ],
  },
  {
    id: "stranger",
    role: "stranger",
    description: "Somebody whom nobody knows.",
    frames: [
      region("sample6.jpg", 1388, 184, 528),
      region("sample6.jpg", 1404, 200, 500),
      region("sample6.jpg", 1380, 164, 540),
    ],
  },
  {
    id: "watchlist",
    role: "watchlisted",
    description: "The person on the watchlist.",
    frames: [
      region("sample6.jpg", 20, 300, 640),
      region("sample6.jpg", 52, 336, 600),
      region("sample6.jpg", 8, 320, 664),
    ],
  },
  {
    id: "nobody",
    role: "empty",
    description: "An empty doorstep: the visitor has left.",
    frames: [
      region("sample3.jpg", 200, 0, 360),
      region("sample3.jpg", 184, 0, 360),
      region("sample3.jpg", 192, 8, 360),
    ],
  },
];

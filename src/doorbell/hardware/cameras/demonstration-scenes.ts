import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A region of a photo in `demonstrationFolder`, px of the file: what the camera sees. */
export interface DemonstrationFrame {
  readonly file: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One visit at the demonstration door; the frames follow each other as those of a camera. */
export interface DemonstrationScene {
  /** What the visit comes to once `demonstrationPeople` are enrolled. */
  readonly outcome: "known" | "unknown" | "watchlisted" | "no_face";
  readonly description: string;
  readonly frames: readonly DemonstrationFrame[];
}

/** Somebody whom the demonstration enrols before the first visit. */
export interface DemonstrationPerson {
  readonly name: string;
  readonly watchlisted: boolean;
  readonly enrolment: readonly DemonstrationFrame[];
}

/** Folder of the photos: six unlabelled group photos that `@vladmandic/face-api` ships. */
export const demonstrationFolder = join(
  dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")),
  "demo",
);

const frame = (file: string, left: number, top: number, width: number): DemonstrationFrame => ({
  file,
  left,
  top,
  width,
  height: (width * 3) / 4,
});

/** The one is enrolled from another photo than her visit shows, the other from another region of the same. */
export const demonstrationPeople: readonly DemonstrationPerson[] = [
  {
    name: "Demonstration: resident",
    watchlisted: false,
    enrolment: [frame("sample1.jpg", 1140, 60, 760), frame("sample1.jpg", 1180, 20, 720)],
  },
  {
    name: "Demonstration: watchlist",
    watchlisted: true,
    enrolment: [frame("sample6.jpg", 0, 330, 660), frame("sample6.jpg", 40, 360, 620)],
  },
];

/** What happens at the demonstration door, in turn. */
export const demonstrationScenes: readonly DemonstrationScene[] = [
  {
    outcome: "known",
    description: "the resident, in another photo than the one she is enrolled from",
    frames: [
      frame("sample3.jpg", 820, 60, 680),
      frame("sample3.jpg", 800, 40, 700),
      frame("sample3.jpg", 840, 80, 660),
    ],
  },
  {
    outcome: "unknown",
    description: "somebody whom nobody knows",
    frames: [
      frame("sample6.jpg", 1388, 184, 528),
      frame("sample6.jpg", 1404, 200, 500),
      frame("sample6.jpg", 1380, 164, 540),
    ],
  },
  {
    outcome: "watchlisted",
    description: "the person on the watchlist",
    frames: [
      frame("sample6.jpg", 20, 300, 640),
      frame("sample6.jpg", 52, 336, 600),
      frame("sample6.jpg", 8, 320, 664),
    ],
  },
  {
    outcome: "no_face",
    description: "nobody: the visitor has left",
    frames: [
      frame("sample3.jpg", 200, 0, 360),
      frame("sample3.jpg", 184, 0, 360),
      frame("sample3.jpg", 192, 8, 360),
    ],
  },
];

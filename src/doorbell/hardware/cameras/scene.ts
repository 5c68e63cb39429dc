/** A marked region of a demonstration photo, in pixels of the file as stored, origin top left. */
export interface SceneFrame {
  /** Name of the file in the folder `demo` of the package `@vladmandic/face-api`, such as `sample1.jpg`. */
  readonly file: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What the demonstration camera sees at one press: one person at the door, or nobody. */
export interface Scene {
  /** Stable name by which a press or the settings ask for it, kebab-case. */
  readonly id: string;
  /** What the scene shows: who is in the library, who is not, who is on the watchlist, or an empty doorstep. */
  readonly role: "enrolled" | "stranger" | "watchlisted" | "empty";
  /** One sentence for the person who looks at the demonstration. */
  readonly description: string;
  /** The views a camera would give one after the other; at least one, repeated from the start when more are asked for. */
  readonly frames: readonly SceneFrame[];
}

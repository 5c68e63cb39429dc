import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { say } from "../words.ts";
import { Mark } from "./mark.tsx";
import { squareAround } from "./square.ts";
import { type CaptureView, captureUrl, type FaceView, faceName, faceStanding } from "./visit.ts";

/** What a frame's shape is until it is known: that of most cameras. */
const USUAL_RATIO = 4 / 3;

/** A frame with its faces boxed. @param alt who and when, for those who cannot see it */
export function Photo({ capture, alt }: { capture: CaptureView; alt: string }) {
  const [isMissing, setMissing] = useState(false);
  const { faces } = capture;
  return (
    <Frame ratio={ratioOf(capture)}>
      {isMissing ? (
        <p class="stand-in">{say("photo.missing")}</p>
      ) : (
        <>
          <img src={captureUrl(capture)} alt={alt} onError={() => setMissing(true)} />
          {faces.map((face, index) => (
            <FaceBox key={face.id} face={face} number={faces.length > 1 ? index + 1 : undefined} />
          ))}
        </>
      )}
    </Frame>
  );
}

/** The ground of a photo, and in its middle the room for it. @param children a picture, or words in its place */
export function Frame({ ratio = USUAL_RATIO, children }: { ratio?: number; children: ComponentChildren }) {
  return (
    <div class="stage">
      <div class="frame" style={{ "--ratio": ratio }}>
        {children}
      </div>
    </div>
  );
}

const ratioOf = ({ width, height }: CaptureView): number => (width && height ? width / height : USUAL_RATIO);

const percent = (fraction: number): string => `${fraction * 100}%`;

function FaceBox({ face, number }: { face: FaceView; number: number | undefined }) {
  const { x, y, width, height } = face.box;
  const standing = faceStanding(face);
  // Among several, the list beside the photo says the rest.
  const isNamed = standing === "known" || standing === "watchlisted" || standing === "corrected";
  const sides = `${y + height > 0.85 ? "over" : ""} ${x > 0.5 ? "leftward" : ""}`;
  const place = { left: percent(x), top: percent(y), width: percent(width), height: percent(height) };
  return (
    <div class={`face-box ${standing} ${sides}`} style={place} aria-hidden="true">
      <span class="face-name">
        <Mark standing={standing} />
        {number}
        {(number === undefined || isNamed) && <b>{faceName(face)}</b>}
      </span>
    </div>
  );
}

/** One face cut out of its frame, as a square. */
export function FaceCrop({ capture, face }: { capture: CaptureView; face: FaceView }) {
  const { x, y, width, height } = squareAround(face.box, ratioOf(capture));
  return (
    <span class="face-crop">
      <img
        src={captureUrl(capture)}
        alt=""
        style={{
          width: percent(1 / width),
          height: percent(1 / height),
          left: percent(-x / width),
          top: percent(-y / height),
        }}
      />
    </span>
  );
}

/** A small picture of a frame that keeps the middle of its first face in sight. */
export function Thumbnail({ capture, alt }: { capture: CaptureView; alt: string }) {
  const box = capture.faces[0]?.box;
  const middle = box ? `${percent(box.x + box.width / 2)} ${percent(box.y + box.height / 2)}` : "center";
  return (
    <img
      class="thumbnail"
      src={captureUrl(capture)}
      alt={alt}
      loading="lazy"
      decoding="async"
      style={{ objectPosition: middle }}
    />
  );
}

import type { SecretReference } from "../../../lib/settings.ts";
import type { Camera } from "./camera.ts";
import { type DemonstrationDeps, demonstrationCamera } from "./demonstration.ts";
import { folderCamera } from "./folder.ts";
import { httpSnapshotCamera } from "./http-snapshot.ts";
import type { CameraSettings } from "./settings.ts";

/** What the drivers need beside their settings. */
export interface CameraDeps extends DemonstrationDeps {
  /** Reads the secret behind a reference. */
  secret(reference: SecretReference): Promise<string>;
}

/** The camera that the settings name. Nothing is read or connected before the first capture. */
export function openCamera(settings: CameraSettings, deps: CameraDeps): Camera {
  switch (settings.driver) {
    case "folder":
      return folderCamera(settings, deps);
    case "http": {
      const { password: reference, ...config } = settings;
      const password = reference && (() => deps.secret(reference));
      return httpSnapshotCamera({ ...config, password }, deps);
    }
    case "demonstration":
      return demonstrationCamera(settings, deps);
  }
}

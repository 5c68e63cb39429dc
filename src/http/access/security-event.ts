/** Something that may be an attack, as `security_events_total` counts it: every field has few values. */
export interface SecurityEvent {
  readonly eventType:
    | "sign_in_failed"
    | "sign_in_throttled"
    | "token_rejected"
    | "setup_link_rejected"
    | "cross_origin_request";
  /** `network` or the `local` socket. */
  readonly source: "network" | "local";
  readonly actionTaken: "refused" | "delayed";
}

/** Where security events go. */
export type OnSecurityEvent = (event: SecurityEvent) => void;

import { post } from "../request.ts";
import { say } from "../words.ts";
import { CredentialsForm } from "./credentials.tsx";

/** First start: the one-time link makes the reader the owner. */
export function SetupPage({ token, onDone }: { token: string; onDone: () => void }) {
  return (
    <CredentialsForm
      isNew
      title={say("setup")}
      action={say("setup.action")}
      send={(credentials) => post("/api/setup", { token, ...credentials })}
      onDone={onDone}
    >
      <p class="quiet">{say("setup.explained")}</p>
    </CredentialsForm>
  );
}

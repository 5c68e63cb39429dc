import { post } from "../request.ts";
import { say } from "../words.ts";
import { CredentialsForm } from "./credentials.tsx";

/** Who is not signed in sees only this. */
export function SignInPage({ onDone }: { onDone: () => void }) {
  return (
    <CredentialsForm
      isNew={false}
      title={say("sign_in")}
      action={say("sign_in")}
      send={(credentials) => post("/api/sign-in", credentials)}
      onDone={onDone}
    >
      <p class="quiet">{say("sign_in.explained")}</p>
    </CredentialsForm>
  );
}

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../controls/field.tsx";
import { ProblemNote } from "../controls/problem-note.tsx";
import { useSending } from "../controls/use-sending.ts";
import type { Answer } from "../request.ts";
import { say } from "../words.ts";

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

interface CredentialsFormProps {
  readonly title: string;
  readonly action: string;
  /** Whether a password is chosen here, or one that exists is given. */
  readonly isNew: boolean;
  readonly send: (credentials: Credentials) => Promise<Answer<void>>;
  readonly onDone: () => void;
  readonly children: ComponentChildren;
}

/** Name and password, alone on the page. */
export function CredentialsForm({ title, action, isNew, send, onDone, children }: CredentialsFormProps) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const sending = useSending();
  const submit = (event: Event): void => {
    event.preventDefault();
    void sending.send(() => send({ name: name.trim(), password }), onDone);
  };
  return (
    <main class="alone">
      <form class="panel stack" onSubmit={submit}>
        <h1>{title}</h1>
        {children}
        <Field label={say("access.name")}>
          <input
            name="name"
            required
            maxLength={100}
            autocomplete="username"
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </Field>
        <Field label={say("access.password")}>
          <input
            name="password"
            // Preact's types know an input of one type at a time.
            type={(isShown ? "text" : "password") as "password"}
            required
            maxLength={1000}
            autocomplete={isNew ? "new-password" : "current-password"}
            value={password}
            onInput={({ currentTarget }) => setPassword(currentTarget.value)}
          />
        </Field>
        <label class="check">
          <input
            type="checkbox"
            checked={isShown}
            onChange={({ currentTarget }) => setShown(currentTarget.checked)}
          />
          <span>{say("access.show")}</span>
        </label>
        <ProblemNote problem={sending.problem} />
        <button type="submit" class="primary" disabled={sending.isSending}>
          {action}
        </button>
      </form>
    </main>
  );
}

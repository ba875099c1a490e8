import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { api } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { Card, takeToken } from "./card";
import { ToSignIn } from "./join";

/** Sets a new password with the token of a letter; without one, asks for the letter. */
export function ResetPage() {
  const [token] = useState(takeToken);
  return token ? <SetPassword token={token} /> : <AskForLetter />;
}

function AskForLetter() {
  const [email, setEmail] = useState("");
  const ask = useMutation({ meta: { quiet: true }, mutationFn: () => api.POST("/api/password/reset", { body: { email: email.trim() } }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <Card title="Forgot your password?" below={<ToSignIn />}>
      {ask.isSuccess ? (
        <p role="status" className="text-base text-muted">
          If there is an account with this address, a letter is on its way to it. If none comes, this server may not be set up to send letters; ask an administrator.
        </p>
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-3.5">
          <Field label="E-mail" hint="A link to set a new password is sent there." error={ask.error ? Failure.of(ask.error).message : undefined}>
            {(tied) => <Input {...tied} type="text" inputMode="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />}
          </Field>
          <Button type="submit" look="primary" size="lg" busy={ask.isPending} disabled={!email.trim()}>
            Send the link
          </Button>
        </form>
      )}
    </Card>
  );
}

function SetPassword({ token }: { token: string }) {
  const [password, setPassword] = useState("");
  const reset = useMutation({ meta: { quiet: true }, mutationFn: () => api.PUT("/api/password/reset", { body: { token, password } }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reset.mutate();
  };
  if (reset.isSuccess) {
    return (
      <Card title="Your password is set">
        <Link to="/sign-in" className={buttonLook({ look: "primary", size: "lg", className: "w-full" })}>
          Sign in
        </Link>
      </Card>
    );
  }
  return (
    <Card title="Set a new password" below={<ToSignIn />}>
      <form onSubmit={submit} className="flex flex-col gap-3.5">
        <Field label="New password" error={reset.error ? Failure.of(reset.error).message : undefined}>
          {(tied) => <Input {...tied} type="password" required autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        <Button type="submit" look="primary" size="lg" busy={reset.isPending} disabled={!password}>
          Set password
        </Button>
      </form>
    </Card>
  );
}

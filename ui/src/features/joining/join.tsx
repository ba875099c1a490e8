import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { api } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { Card, takeToken } from "./card";

/** Takes an invitation up, with a new account or the one that there is. */
export function JoinPage() {
  const [token] = useState(takeToken);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const accept = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.POST("/api/invitations/accept", { body: { token, password, ...(name.trim() ? { name: name.trim() } : {}) } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate();
  };
  if (!token) {
    return (
      <Card title="Join an organisation" below={<ToSignIn />}>
        <p className="text-base text-muted">This page takes up an invitation. Open it by the link in yours.</p>
      </Card>
    );
  }
  if (accept.isSuccess) {
    return (
      <Card title="Welcome">
        <p className="mb-4 text-base text-muted">You are a member now. Sign in with your e-mail address and this password.</p>
        <Link to="/sign-in" className={buttonLook({ look: "primary", size: "lg", className: "w-full" })}>
          Sign in
        </Link>
      </Card>
    );
  }
  return (
    <Card title="Join an organisation" below={<ToSignIn />}>
      <form onSubmit={submit} className="flex flex-col gap-3.5">
        <Field label="Your name" hint="As others see it; it can stay empty.">
          {(tied) => <Input {...tied} maxLength={200} autoComplete="name" value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label="Password" hint="A new one; if you have an account here, that of the account.">
          {(tied) => <Input {...tied} type="password" required autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
        {accept.error ? (
          <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-base text-bad-ink">
            {Failure.of(accept.error).message}
          </p>
        ) : null}
        <Button type="submit" look="primary" size="lg" busy={accept.isPending} disabled={!password} className="mt-1">
          Join
        </Button>
      </form>
    </Card>
  );
}

export function ToSignIn() {
  return (
    <Link to="/sign-in" className="text-accent-ink hover:underline">
      To the page where one signs in
    </Link>
  );
}

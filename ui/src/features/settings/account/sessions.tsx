import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Shown } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas } from "@/lib/api";

type Open = Schemas["OpenSession"];

export function SessionsPanel() {
  const asked = useQuery({ queryKey: ["sessions"], queryFn: () => body(api.GET("/api/sessions")) });
  return (
    <Panel title="Where you are signed in">
      <Shown asked={asked} what="sessions">
        {(sessions) => (
          <Table>
            <thead>
              <tr>
                <Head>Browser</Head>
                <Head>From</Head>
                <Head>Since</Head>
                <Head>Ends</Head>
                <Head>
                  <span className="sr-only">Actions</span>
                </Head>
              </tr>
            </thead>
            <tbody>
              {sessions.toSorted((a, b) => Number(b.current) - Number(a.current)).map((session) => (
                <SessionRow key={session.id} session={session} />
              ))}
            </tbody>
          </Table>
        )}
      </Shown>
    </Panel>
  );
}

function SessionRow({ session }: { session: Open }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.DELETE("/api/sessions/{id}", { params: { path: { id: session.id } } }),
    onSuccess: () => toast.done("Signed out there"),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Row>
      <Cell className="truncate" title={session.agent}>
        <bdi>{session.agent || "Unknown"}</bdi>
      </Cell>
      <Cell className="font-mono text-sm text-muted">{session.from || "–"}</Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={session.createdAt} />
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={session.expiresAt} />
      </Cell>
      <Cell className="text-end">
        {session.current ? (
          <Badge tone="accent">This browser</Badge>
        ) : (
          <Button size="sm" busy={end.isPending} onClick={() => end.mutate()}>
            Sign out there
          </Button>
        )}
      </Cell>
    </Row>
  );
}

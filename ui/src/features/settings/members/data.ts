import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { useParts } from "../common/parts";
import { type Role, roleLabel } from "../common/roles";

export type Member = Schemas["MemberView"];
export type Invitation = Schemas["InvitationView"];

export const useMembers = () => useParts<Member>(["members"], (after) => body(api.GET("/api/members", { params: { query: after } })));

export const useInvitations = (enabled: boolean) => useParts<Invitation>(["invitations"], (after) => body(api.GET("/api/invitations", { params: { query: after } })), { enabled });

/** Gives a member another role, if nobody has since. */
export function useChangeRole() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ member, role }: { member: Member; role: Role }) =>
      body(api.PATCH("/api/members/{user}", { params: { path: { user: member.user }, header: seen(member.revision) }, body: { role } })),
    onSuccess: (changed) => toast.done(`${changed.email} is ${roleLabel(changed.role).toLowerCase()} now`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["members"] }),
  });
}

export function useRemoveMember() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (member: Member) => api.DELETE("/api/members/{user}", { params: { path: { user: member.user }, header: seen(member.revision) } }),
    onSuccess: (_none, member) => toast.done(`${member.email} is no member any more`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["members"] }),
  });
}

export function useInvite() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (invitation: { email: string; role: Role }) => body(api.POST("/api/invitations", { body: invitation })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["invitations"] }),
  });
}

export function useWithdraw() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (invitation: Invitation) => api.DELETE("/api/invitations/{id}", { params: { path: { id: invitation.id } } }),
    onSuccess: (_none, { email }) => toast.done(`The invitation of ${email} is withdrawn`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["invitations"] }),
  });
}

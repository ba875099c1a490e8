use super::agent;
use super::binding::{self, Bindings};
use super::directory::Directory;
use super::draft::Draft;
use crate::Context;
use crate::fields::short;
use crate::text::Doc;
use weir_base::{Diagnostic, Text};
use weir_ir::{Listener, Node};

/// The name a binding has to give a meaning to: the handler, or the listener itself where it names none.
pub(super) fn binding_name<'d>(draft: &'d Draft<'_>) -> &'d Text {
    draft.handler.as_ref().map_or(&draft.name, |(handler, _)| handler)
}

/// One listener with its handler: what its name is bound to, else its prompt, else nothing and a warning.
pub(super) fn lower(
    draft: &Draft<'_>,
    directory: &Directory<'_, '_>,
    bindings: &mut Bindings<'_>,
    cx: &Context<'_>,
    out: &mut Vec<Diagnostic>,
) -> Listener {
    agent::check_tools(draft, cx, out);
    let handler = handler(draft, directory, bindings, cx, out);
    let named = draft.handler.is_some() || handler.is_none();
    Listener {
        name: draft.name.clone(),
        description: draft.description(),
        groups: draft.group.iter().cloned().collect(),
        agent: draft.agent,
        peers: draft.peers.iter().map(|(peer, _)| peer.clone()).collect(),
        payload: draft.schema(),
        payload_class: draft.payload_class(),
        handler: handler.map(Box::new),
        binding: named.then(|| binding_name(draft).clone()),
        span: Some(draft.doc.span),
    }
}

fn handler(
    draft: &Draft<'_>,
    directory: &Directory<'_, '_>,
    bindings: &mut Bindings<'_>,
    cx: &Context<'_>,
    out: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let span = draft.handler.as_ref().map_or(draft.name_span, |(_, span)| *span);
    if let Some(meaning) = bindings.find(binding_name(draft), span) {
        return binding::lower(&meaning, &draft.name, cx, out);
    }
    match agent::prompt(draft) {
        Some(prompt) if draft.agent => return Some(agent::lower(draft, prompt, directory, cx, out)),
        prompt => report_unbound(draft, prompt, out),
    }
    None
}

fn report_unbound(draft: &Draft<'_>, prompt: Option<&Doc>, out: &mut Vec<Diagnostic>) {
    if draft.agent {
        let message = format!("the agent `{}` has no prompt, and nothing is bound to do its work", draft.name);
        let found = Diagnostic::warning("AGENT_WITHOUT_PROMPT", message).at(draft.name_span).path(draft.path);
        out.push(found.help("give it a `prompt: |` that says what it does"));
    }
    if !draft.agent || draft.handler.is_some() {
        out.push(unbound(draft, prompt));
    }
}

fn unbound(draft: &Draft<'_>, prompt: Option<&Doc>) -> Diagnostic {
    let name = binding_name(draft);
    let (span, message) = match &draft.handler {
        Some((handler, span)) => {
            (*span, format!("the handler `{}` of `{}` is bound to nothing", short(handler), draft.name))
        }
        None => (draft.name_span, format!("the listener `{}` has no handler", draft.name)),
    };
    let mut help = bind_help(name);
    if prompt.is_some() {
        help.push_str("\nor write `agent: true` beside its prompt, to have a model do the work");
    }
    Diagnostic::warning("UNBOUND_HANDLER", message).at(span).path(draft.path).help(help)
}

/// What to write to give a name a meaning, in the file and on the command line.
pub(super) fn bind_help(name: &str) -> String {
    format!(
        "say in this file what it stands for (a kind, a flow, a step or an expression):\n\
         bindings:\n  {name}: \"{{{{ message.payload }}}}\"\n\
         or on the command line: --bind '{name}={{{{ message.payload }}}}' (or {name}=kind:NAME, {name}=flow:FILE)"
    )
}

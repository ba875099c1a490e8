//! The parts of `model.chat`: the conversation, the providers, and the choice between backends.

pub(super) mod chat;
pub(super) mod openai;
pub(super) mod router;
pub(super) mod scripted;
pub(super) mod sse;
pub(super) mod tool_names;

//! Commands that no record answers and no frame stands for: a state has to keep them until they were given out.

use crate::{Command, StartChild};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;

/// Whether the command is the start of a run that goes on by itself.
pub(crate) fn is_unanswered(command: &Command) -> bool {
    matches!(command, Command::StartChild(child) if child.detached)
}

pub(super) fn are_none(commands: &VecDeque<Command>) -> bool {
    !commands.iter().any(is_unanswered)
}

pub(super) fn serialize<S: Serializer>(commands: &VecDeque<Command>, to: S) -> Result<S::Ok, S::Error> {
    let children: Vec<&StartChild> = commands.iter().filter_map(detached).collect();
    children.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<VecDeque<Command>, D::Error> {
    let children = Vec::<StartChild>::deserialize(from)?;
    Ok(children.into_iter().map(Command::StartChild).collect())
}

fn detached(command: &Command) -> Option<&StartChild> {
    match command {
        Command::StartChild(child) if child.detached => Some(child),
        _ => None,
    }
}

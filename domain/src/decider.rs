//! The shape that every aggregate has: decide, evolve, and how a refusal is told.

use serde::{Serialize, de::DeserializeOwned};

use crate::event::EventType;

/// An aggregate as a pure state machine (the pattern is Jérémie Chassaing's *decider*).
///
/// `Default` is the state before the first event.
pub trait Decider: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The aggregate's name in the log, e.g. `conversation`.
    const TYPE: &'static str;
    /// The version of the state's serialised form; a saved snapshot of another version is thrown away.
    const SNAPSHOT_VERSION: i32;
    /// The typed id of one instance.
    type Id: Copy + Eq + std::hash::Hash + std::fmt::Display + Send + Sync + 'static;
    /// What can be asked of it.
    type Command: Send + Sync + 'static;
    /// What can have happened to it.
    type Event: EventType + Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// Why it refuses.
    type Refusal: Refusal;

    /// The events that the command causes in this state; none when it asks for what already is.
    ///
    /// # Errors
    /// The refusal, when the command isn't allowed in this state. Nothing has happened then.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Folds one event into the state. Holds no rule: what is in the log has happened.
    fn evolve(&mut self, event: &Self::Event);
}

/// The class of a refusal, which decides its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The thing doesn't exist (404).
    NotFound,
    /// The state doesn't allow it now (409).
    Conflict,
    /// The values can't be accepted in any state (422).
    Invalid,
    /// The actor may not do it (403).
    Forbidden,
}

/// A typed refusal, in the user's words (`Display`) and with a stable code.
pub trait Refusal: std::error::Error + Clone + PartialEq + Send + Sync + 'static {
    /// The stable `snake_case` code that clients program against.
    fn code(&self) -> &'static str;
    /// Its class.
    fn kind(&self) -> RefusalKind;
}

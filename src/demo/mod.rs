//! A sample business to try everything out with: its past is played through the same commands as anybody's, only faster.

mod seed;
mod story;

use openchat_domain::{BusinessId, CustomerId, KeyId, Position, UserId};

pub use seed::{DemoError, seed};

/// What the sample shop's pages need.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The sample business.
    pub tenant: BusinessId,
    /// Who runs it; a visitor may be this person with one click.
    pub owner: UserId,
    /// The widget's key, as in its snippet.
    pub key: String,
    /// The same key's id.
    pub key_id: KeyId,
    /// The customer as whom a visitor is signed in to the shop.
    pub shopper: CustomerId,
    /// Where the story ends: until the read models are there, nobody knows the key.
    pub end: Position,
}

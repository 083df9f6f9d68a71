//! Pages of a list: what a query returns, and the opaque cursor that leads to the next one.

use std::{fmt, str::FromStr};

use openchat_domain::Position;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A part of a list, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The entries.
    pub data: Vec<T>,
    /// Ask with this for the next page; `null` on the last one.
    pub next_cursor: Option<Cursor>,
}

/// A place in a list, opaque to clients. It stays valid while the list changes: entries that move to the top
/// in the meantime are not met again below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(Position);

/// A text is not a cursor that a page has given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the nextCursor of an earlier page")]
pub struct CursorError;

impl<T> Page<T> {
    /// The most entries on a page.
    pub const MAX: i64 = 100;

    /// How many rows to ask the database for: one more than the page holds, to see whether there is a next one.
    pub(crate) fn rows(limit: i64) -> i64 {
        limit.clamp(1, Self::MAX) + 1
    }

    /// The page out of the rows that [`Page::rows`] asked for; `key` is what the list is sorted by.
    pub(crate) fn of(mut data: Vec<T>, limit: i64, key: impl Fn(&T) -> Position) -> Self {
        let limit = usize::try_from(limit.clamp(1, Self::MAX)).unwrap_or_default();
        let more = data.len() > limit;
        data.truncate(limit);
        let next_cursor = data.last().filter(|_| more).map(|last| Cursor(key(last)));
        Self { data, next_cursor }
    }
}

impl Cursor {
    /// A cursor at the entry with this sort key.
    #[must_use]
    pub const fn at(position: Position) -> Self {
        Self(position)
    }

    /// The sort key of the last entry seen.
    #[must_use]
    pub const fn position(self) -> Position {
        self.0
    }

    /// The key below which the next page begins: that of the cursor, or above everything.
    pub(crate) fn before(cursor: Option<Self>) -> Position {
        cursor.map_or(Position::MAX, Self::position)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(s: &str) -> Result<Self, CursorError> {
        let key = s.strip_prefix('c').and_then(|hex| Position::from_str_radix(hex, 16).ok());
        key.map(Self).filter(|cursor| cursor.0 > 0 && cursor.to_string() == s).ok_or(CursorError)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Cursor {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^c[1-9a-f][0-9a-f]{0,15}$"))
            .examples(["c2f1"])
            .into()
    }
}

impl ToSchema for Cursor {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_of_the_next_one_only_when_there_is_one() {
        let page = |keys: &[Position], limit| Page::of(keys.to_vec(), limit, |key| *key);
        assert_eq!(page(&[9, 7, 5], 2), Page { data: vec![9, 7], next_cursor: Some(Cursor(7)) });
        assert_eq!(page(&[9, 7], 2), Page { data: vec![9, 7], next_cursor: None });
        assert_eq!(page(&[], 2), Page { data: vec![], next_cursor: None });
        assert_eq!(Page::<()>::rows(1_000_000), 101);
        assert_eq!(Page::<()>::rows(-3), 2);
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_else() {
        for position in [1, 0x2f1, Position::MAX] {
            assert_eq!(Cursor(position).to_string().parse(), Ok(Cursor(position)));
        }
        for wrong in ["", "c", "c0", "c-1", "c+1", "cF", "c01", "1", "cffffffffffffffff", "c1 "] {
            assert_eq!(wrong.parse::<Cursor>(), Err(CursorError), "{wrong}");
        }
    }
}

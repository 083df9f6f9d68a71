//! Rows on their way through a fold: loaded together, folded in memory, written back together.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use openchat_domain::{BusinessId, Position};
use quick_cache::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use crate::{ApplyError, Db, QueryError, Sql};

/// What names a row: the tenant, and an id within it.
pub(crate) type Key = (BusinessId, Uuid);

/// The rows of one table that a batch of events concerns.
#[derive(Debug)]
pub(crate) struct Rows<T>(BTreeMap<Key, Folded<T>>);

/// Rows of one table as it holds them, at hand for the next batch.
pub(crate) type Kept<T> = Cache<Key, (Position, T)>;

/// A row, or that there is none yet, after the event at `position`.
#[derive(Debug)]
struct Folded<T> {
    position: Position,
    row: Option<T>,
    changed: bool,
}

/// A row that is to be written.
#[derive(Debug)]
pub(crate) struct Changed<'a, T> {
    pub(crate) tenant: BusinessId,
    pub(crate) id: Uuid,
    pub(crate) position: Position,
    pub(crate) row: &'a T,
}

/// A row's document as its table holds it. It is the JSON that is told, so it is passed on without being read.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Document<T> {
    json: Box<RawValue>,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

/// What a stored document should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

impl<T> Rows<T> {
    /// Loads rows by a statement that returns tenant, id, position, and then what `read` reads.
    pub(crate) async fn load(
        db: &impl Db,
        sql: &'static str,
        params: &Sql<'_>,
        read: impl Fn(&Row) -> Result<T, ApplyError>,
    ) -> Result<Self, ApplyError> {
        let mut rows = BTreeMap::new();
        for row in db.query(sql, params).await? {
            let key = (BusinessId::from_uuid(row.try_get(0)?), row.try_get(1)?);
            rows.insert(key, Folded { position: row.try_get(2)?, row: Some(read(&row)?), changed: false });
        }
        Ok(Self(rows))
    }

    /// The rows with these keys: those at hand, and the others by a statement that takes their keys, as [`Self::load`] does.
    pub(crate) async fn known(
        db: &impl Db,
        kept: &Kept<T>,
        keys: impl IntoIterator<Item = Key>,
        sql: &'static str,
        read: impl Fn(&Row) -> Result<T, ApplyError>,
    ) -> Result<Self, ApplyError>
    where
        T: Clone,
    {
        let (mut rows, missing) = Self::at_hand(kept, keys);
        if !missing.is_empty() {
            let (tenants, ids) = key_columns(missing);
            rows.add(Self::load(db, sql, &[&tenants, &ids], read).await?);
        }
        Ok(rows)
    }

    /// The rows that are at hand, and the keys of the others.
    pub(crate) fn at_hand(kept: &Kept<T>, keys: impl IntoIterator<Item = Key>) -> (Self, Vec<Key>)
    where
        T: Clone,
    {
        let (mut rows, mut missing) = (BTreeMap::new(), Vec::new());
        for key in keys.into_iter().collect::<BTreeSet<Key>>() {
            match kept.get(&key) {
                Some((position, row)) => {
                    rows.insert(key, Folded { position, row: Some(row), changed: false });
                }
                None => missing.push(key),
            }
        }
        (Self(rows), missing)
    }

    /// Adds what has been loaded.
    pub(crate) fn add(&mut self, loaded: Self) {
        self.0.extend(loaded.0);
    }

    /// Keeps all rows at hand as they will be once what has changed is written.
    pub(crate) fn keep(self, kept: &Kept<T>)
    where
        T: Clone,
    {
        for (key, Folded { position, row, .. }) in self.0 {
            if let Some(row) = row {
                kept.insert(key, (position, row));
            }
        }
    }

    /// Folds the event at `position` into a row, unless the row has seen it before.
    pub(crate) fn fold(&mut self, key: Key, position: Position, step: impl FnOnce(&mut Option<T>)) {
        let folded = self.0.entry(key).or_insert(Folded { position: 0, row: None, changed: false });
        folded.fold(position, step);
    }

    /// The same for events most of which change nothing: a row that stays as it was is not written.
    ///
    /// Its position stays, too, because an event that changed nothing changes nothing when it comes again.
    pub(crate) fn fold_changes(&mut self, key: Key, position: Position, step: impl FnOnce(&mut Option<T>))
    where
        T: Clone + PartialEq,
    {
        let folded = self.0.entry(key).or_insert(Folded { position: 0, row: None, changed: false });
        let mut after = folded.row.clone();
        step(&mut after);
        if after != folded.row {
            folded.fold(position, |row| *row = after);
        }
    }

    /// Folds the event at `position` into every row of the tenant that it concerns.
    pub(crate) fn fold_all(
        &mut self,
        tenant: BusinessId,
        position: Position,
        concerns: impl Fn(&T) -> bool,
        step: impl Fn(&mut Option<T>),
    ) {
        for (_, folded) in self.0.range_mut((tenant, Uuid::nil())..=(tenant, Uuid::max())) {
            if folded.row.as_ref().is_some_and(&concerns) {
                folded.fold(position, &step);
            }
        }
    }

    /// The rows to write, in the order of their keys.
    pub(crate) fn changed(&self) -> Vec<Changed<'_, T>> {
        let changed = self.0.iter().filter(|(_, folded)| folded.changed);
        changed
            .filter_map(|((tenant, id), folded)| {
                let row = folded.row.as_ref()?;
                Some(Changed { tenant: *tenant, id: *id, position: folded.position, row })
            })
            .collect()
    }
}

impl<T> Folded<T> {
    fn fold(&mut self, position: Position, step: impl FnOnce(&mut Option<T>)) {
        if position > self.position {
            step(&mut self.row);
            self.position = position;
            self.changed = true;
        }
    }
}

impl<T> Document<T> {
    pub(crate) fn of(row: &Row, index: usize, what: &'static str) -> Result<Self, Unreadable> {
        Ok(Self { json: document(row, index, what)?, of: PhantomData })
    }
}

/// Tenants and ids as the two arrays that a statement takes, each key once.
pub(crate) fn key_columns(keys: impl IntoIterator<Item = Key>) -> (Vec<Uuid>, Vec<Uuid>) {
    let keys: BTreeSet<Key> = keys.into_iter().collect();
    keys.into_iter().map(|(tenant, id)| (tenant.uuid(), id)).unzip()
}

/// One column of the rows, as the array that a statement takes.
pub(crate) fn column<'a, R, C>(rows: &'a [R], of: impl Fn(&'a R) -> C) -> Vec<C> {
    rows.iter().map(of).collect()
}

/// Documents, as the array that a statement takes.
pub(crate) fn documents<'a, R, T: Serialize + 'a>(
    rows: &'a [R],
    of: impl Fn(&'a R) -> &'a T,
) -> Vec<Json<Box<RawValue>>> {
    column(rows, |row| Json(to_raw_value(of(row)).unwrap_or_else(|_| unreachable!("rows are plain data"))))
}

/// The document in a column.
pub(crate) fn document<T: DeserializeOwned>(
    row: &Row,
    index: usize,
    what: &'static str,
) -> Result<T, Unreadable> {
    row.try_get(index).map(|Json(document)| document).map_err(|_| Unreadable(what))
}

impl From<Unreadable> for ApplyError {
    fn from(Unreadable(what): Unreadable) -> Self {
        Self::Unreadable { what }
    }
}

impl From<Unreadable> for QueryError {
    fn from(Unreadable(what): Unreadable) -> Self {
        Self::Unreadable { what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: u128, id: u128) -> Key {
        (BusinessId::from_uuid(Uuid::from_u128(tenant)), Uuid::from_u128(id))
    }

    fn push(text: &'static str) -> impl Fn(&mut Option<String>) {
        move |row| row.get_or_insert_default().push_str(text)
    }

    fn contents(rows: &Rows<String>) -> Vec<(Position, &str)> {
        rows.changed().iter().map(|it| (it.position, it.row.as_str())).collect()
    }

    #[test]
    fn an_event_that_comes_twice_changes_nothing() {
        let mut rows = Rows(BTreeMap::new());
        for (position, text) in [(3, "a"), (4, "b"), (3, "a"), (4, "b"), (5, "c")] {
            rows.fold(key(1, 1), position, push(text));
        }
        assert_eq!(contents(&rows), [(5, "abc")]);
    }

    #[test]
    fn a_row_that_an_event_leaves_as_it_was_is_not_written() {
        let mut rows = Rows(BTreeMap::new());
        let set = |value| move |row: &mut Option<u8>| *row = Some(value);
        rows.fold_changes(key(1, 1), 3, set(7));
        rows.0.values_mut().for_each(|row| row.changed = false);
        rows.fold_changes(key(1, 1), 4, set(7));
        rows.fold_changes(key(1, 1), 2, set(8));
        assert!(rows.changed().is_empty());
        rows.fold_changes(key(1, 1), 4, set(8));
        let changed: Vec<_> = rows.changed().iter().map(|it| (it.position, *it.row)).collect();
        assert_eq!(changed, [(4, 8)]);
    }

    #[test]
    fn a_row_that_no_event_changed_is_not_written() {
        let mut rows = Rows(BTreeMap::new());
        rows.0.insert(key(1, 1), Folded { position: 9, row: Some("old".to_owned()), changed: false });
        rows.fold(key(1, 1), 9, push("again"));
        rows.fold(key(1, 2), 10, |_| {});
        assert_eq!(contents(&rows), []);
    }

    #[test]
    fn what_was_kept_is_at_hand_and_only_the_rest_is_asked_for() {
        let kept = Kept::new(8);
        let mut rows = Rows(BTreeMap::new());
        rows.fold(key(1, 1), 3, push("a"));
        rows.fold(key(1, 2), 4, |_| {});
        rows.keep(&kept);
        let (mut rows, missing) = Rows::at_hand(&kept, [key(1, 1), key(1, 2), key(1, 1)]);
        assert_eq!(missing, [key(1, 2)]);
        assert!(rows.changed().is_empty());
        rows.fold(key(1, 1), 3, push("again"));
        rows.fold(key(1, 1), 5, push("b"));
        assert_eq!(contents(&rows), [(5, "ab")]);
    }

    #[test]
    fn an_event_for_many_rows_keeps_to_its_tenant() {
        let mut rows = Rows(BTreeMap::new());
        for k in [key(1, 1), key(1, 2), key(2, 1)] {
            rows.fold(k, 1, push("x"));
        }
        rows.fold_all(key(1, 0).0, 2, |row| row == "x", push("y"));
        assert_eq!(contents(&rows), [(2, "xy"), (2, "xy"), (1, "x")]);
    }
}

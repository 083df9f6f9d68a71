//! Words for the search indexes: how texts become lexemes, and what a person types becomes a query.
//!
//! A lexeme begins with a part of the tenant's id, so that a search never walks through another tenant's words.
//! Texts and queries go through the same cut into words, of letters and digits only: nothing that a person types
//! has a meaning to the database.
//!
//! A list is searched in two steps, so that neither a common nor a rare word costs more in a large business. The first
//! statement looks through the latest entries only, in the order of the list: words that many have fill a page there.
//! When they don't, the second one takes what the index names, which is then little. Row-level security keeps a
//! text search from using its index (the operator is not leakproof), so that a function with rights of its own
//! asks the index for ids, within the tenant that the connection is bound to.

use std::collections::BTreeSet;

use openchat_domain::BusinessId;

/// The most characters of a word that count.
const WORD_CHARS: usize = 32;
/// The most words of a query that count.
const QUERY_WORDS: usize = 8;

/// The lexemes of some texts, separated by spaces: what `array_to_tsvector(string_to_array(…, ' '))` takes.
pub(crate) fn lexemes<'a>(tenant: BusinessId, texts: impl IntoIterator<Item = &'a str>) -> String {
    let key = key(tenant);
    let words: BTreeSet<String> = texts.into_iter().flat_map(words).collect();
    let length = words.iter().map(|word| key.len() + word.len() + 1).sum();
    let mut lexemes = String::with_capacity(length);
    for word in &words {
        if !lexemes.is_empty() {
            lexemes.push(' ');
        }
        lexemes.push_str(&key);
        lexemes.push_str(word);
    }
    lexemes
}

/// The `tsquery` that finds what has, for every word typed, a word that begins with it; `None` without a word.
pub(crate) fn query(tenant: BusinessId, typed: &str) -> Option<String> {
    let key = key(tenant);
    let terms: Vec<_> = words(typed).take(QUERY_WORDS).map(|word| format!("'{key}{word}':*")).collect();
    (!terms.is_empty()).then(|| terms.join(" & "))
}

/// Whether the first step of a search found as many rows as were wanted, so that there is no need for the second.
pub(crate) fn fills<R>(found: &[R], wanted: i64) -> bool {
    i64::try_from(found.len()).is_ok_and(|found| found >= wanted)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().flat_map(char::to_lowercase).take(WORD_CHARS).collect())
}

/// Eight digits from the random end of the id: two tenants that share them only share a stretch of the index.
fn key(tenant: BusinessId) -> String {
    let id = tenant.uuid().simple().to_string();
    id[id.len() - 8..].to_owned()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant() -> BusinessId {
        BusinessId::from_uuid(Uuid::from_u128(0xabcd_0123))
    }

    #[test]
    fn texts_become_the_tenants_words() {
        assert_eq!(
            lexemes(tenant(), ["Order 4711", "jane@Example.com", "ÉTÉ order"]),
            "abcd01234711 abcd0123com abcd0123example abcd0123jane abcd0123order abcd0123été"
        );
        assert_eq!(lexemes(tenant(), ["", " -- "]), "");
    }

    #[test]
    fn every_word_typed_must_begin_a_word() {
        assert_eq!(query(tenant(), "Jane ord").as_deref(), Some("'abcd0123jane':* & 'abcd0123ord':*"));
        assert_eq!(query(tenant(), " \t "), None);
    }

    #[test]
    fn nothing_typed_has_a_meaning_to_the_database() {
        for typed in ["a'b", "a\\b", "a:*b", "a & !b", "(a | b)", "a<->b", "a\0b", "a'' \\' b", "%_a\u{7}b"] {
            assert_eq!(query(tenant(), typed).as_deref(), Some("'abcd0123a':* & 'abcd0123b':*"), "{typed}");
        }
        assert_eq!(query(tenant(), "'':*&|!()<->\\"), None);
    }

    #[test]
    fn long_input_is_cut() {
        let long = "x".repeat(10_000);
        assert_eq!(query(tenant(), &long), Some(format!("'abcd0123{}':*", "x".repeat(WORD_CHARS))));
        assert_eq!(query(tenant(), &"a ".repeat(1_000)).map(|q| q.matches(":*").count()), Some(QUERY_WORDS));
        // A word and its beginning are cut alike, so a long word is still found.
        assert_eq!(lexemes(tenant(), [long.as_str()]), format!("abcd0123{}", "x".repeat(WORD_CHARS)));
    }
}

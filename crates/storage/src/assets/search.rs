//! Search by words: the condition for the indexes `stations_search` and `piles_search`.

/// Search words, which must all occur, each within one field, regardless of case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// The words of a text, separated by white space; `None` if there are none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let search: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        (!search.is_empty()).then_some(Self(search))
    }

    /// The words as a bind value.
    pub(crate) const fn values(&self) -> &Vec<String> {
        &self.0
    }
}

/// The start of the condition. It must be followed by the words, [`and_all_words`], the words
/// again, and the closing `) as word))`.
macro_rules! has_all_pairs {
    ($table:literal) => {
        concat!("(search_grams(", $table, ".search_text) @> search_grams(lower(array_to_string(")
    };
}
/// The part of the condition between the two bind values.
macro_rules! and_all_words {
    ($table:literal) => {
        concat!(
            ", E'\\n'))) and (select bool_and(strpos(",
            $table,
            ".search_text, lower(word)) > 0) from unnest("
        )
    };
}
pub(crate) use {and_all_words, has_all_pairs};

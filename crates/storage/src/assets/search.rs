//! Search by words: the condition that the indexes `stations_search` and `piles_search` serve.

/// What to look for: words that must all be there, each within one field, in upper or lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of a text, which blanks separate; `None` when there is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// The words as a value of a statement.
    pub(crate) const fn values(&self) -> &Vec<String> {
        &self.0
    }
}

/// The condition, to be followed by the words, [`and_all_words`], the words once more, and the closing `) as word))`.
macro_rules! has_all_pairs {
    ($table:literal) => {
        concat!("(search_grams(", $table, ".search_text) @> search_grams(lower(array_to_string(")
    };
}
/// What stands between the words and the words.
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

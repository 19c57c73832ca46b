//! Search by words, in a query.

use super::Fields;
use super::parse::text;
use domain::text::Label;
use storage::Words;

/// Takes `q` out of the query: words that blanks separate.
pub fn words(query: &mut Fields) -> Option<Words> {
    let said = query.optional("q", text(Label::parse))?;
    Words::of(said.as_str())
}

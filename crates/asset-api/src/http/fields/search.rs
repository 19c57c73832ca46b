//! Search in a query.

use super::Fields;
use super::parse::text;
use domain::text::Label;
use storage::SearchTerms;

/// Takes `q` out of the query: terms that blanks separate.
pub fn terms(query: &mut Fields) -> Option<SearchTerms> {
    let said = query.optional("q", text(Label::parse))?;
    SearchTerms::of(said.as_str())
}

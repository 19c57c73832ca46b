//! The search parameter of a query.

use super::Fields;
use super::parse::text;
use domain::text::Label;
use storage::SearchTerms;

/// Takes `q` out of the query: search terms, separated by blanks.
pub fn terms(query: &mut Fields) -> Option<SearchTerms> {
    let query_text = query.optional("q", text(Label::parse))?;
    SearchTerms::of(query_text.as_str())
}

//! The metrics and labels of a PromQL expression, found word by word without a parser.
//!
//! Every word that is not a function, an operator or a label counts as a metric: an unknown word
//! makes a test fail.

use std::collections::BTreeSet;
use std::iter::Peekable;

/// Aggregations, operators and modifiers; functions are recognised by their parenthesis.
const WORDS: [&str; 20] = [
    "sum",
    "min",
    "max",
    "avg",
    "count",
    "topk",
    "bottomk",
    "quantile",
    "stddev",
    "group",
    "and",
    "or",
    "unless",
    "bool",
    "offset",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
];
/// Words that are followed by labels in parentheses.
const GROUPINGS: [&str; 5] = ["by", "without", "on", "ignoring", "group_left"];

/// The names in an expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Each metric with the labels by which it is selected.
    pub metrics: Vec<(String, BTreeSet<String>)>,
    /// Labels by which results are grouped or joined.
    pub groupings: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Mark(char),
}

/// The metrics and labels that `expression` contains.
pub fn mentions(expression: &str) -> Mentions {
    let tokens = tokens(expression);
    let mut tokens = tokens.into_iter().peekable();
    let mut mentions = Mentions::default();
    while let Some(token) = tokens.next() {
        let Token::Word(word) = token else { continue };
        if GROUPINGS.contains(&word.as_str()) {
            mentions.groupings.extend(words_until(&mut tokens, ')'));
        } else if tokens.peek() == Some(&Token::Mark('{')) {
            let labels = words_until(&mut tokens, '}').into_iter().collect();
            mentions.metrics.push((word, labels));
        } else if tokens.peek() != Some(&Token::Mark('(')) && !WORDS.contains(&word.as_str()) {
            mentions.metrics.push((word, BTreeSet::new()));
        }
    }
    mentions
}

fn words_until(tokens: &mut Peekable<impl Iterator<Item = Token>>, end: char) -> Vec<String> {
    let inside = tokens.take_while(|token| *token != Token::Mark(end));
    inside
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            Token::Mark(_) => None,
        })
        .collect()
}

/// Words and punctuation. Texts, numbers and the contents of square brackets are ignored.
fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = expression.chars().peekable();
    while let Some(first) = characters.next() {
        match first {
            '"' => while characters.next().is_some_and(|next| next != '"') {},
            '[' => while characters.next().is_some_and(|next| next != ']') {},
            _ if first.is_ascii_digit() => {
                while characters.next_if(|next| is_of_word(*next) || *next == '.').is_some() {}
            }
            _ if is_of_word(first) => {
                let mut word = String::from(first);
                while let Some(next) = characters.next_if(|next| is_of_word(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            _ if first.is_whitespace() => {}
            mark => tokens.push(Token::Mark(mark)),
        }
    }
    tokens
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == ':'
}

#[test]
fn distinguishes_metrics_and_labels_from_functions_and_texts() {
    let read = mentions(
        r#"histogram_quantile(0.95, sum by (le, route) (rate(a_seconds_bucket{status=~"5..", job="b{c}"}[5m]))) > 2e3
           and on (job) max(d_total offset 1h) or absent(e)"#,
    );
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        read.metrics,
        [
            ("a_seconds_bucket".to_owned(), labels(&["status", "job"])),
            ("d_total".to_owned(), labels(&[])),
            ("e".to_owned(), labels(&[])),
        ]
    );
    assert_eq!(read.groupings, labels(&["le", "route", "job"]));
}

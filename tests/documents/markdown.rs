//! Reads the parts of Markdown that the tests need: code blocks, code spans, links and headings.

/// A block of code.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The language after the fence.
    pub language: String,
    /// Its text.
    pub text: String,
    /// The number of its first line in the document.
    pub line: usize,
}

/// A parsed document.
#[derive(Debug, Default)]
pub struct Document {
    /// The blocks of code, in their order.
    pub blocks: Vec<Block>,
    /// The text outside blocks, line by line with its number.
    pub prose: Vec<(usize, String)>,
}

impl Document {
    /// Parses `text`. A block ends with the fence with which it began.
    pub fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let mut open: Option<Block> = None;
        for (line, number) in text.lines().zip(1..) {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (Some(_), Some(_)) => document.blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, Some(language)) => {
                    let language = language.trim().to_owned();
                    open = Some(Block { language, text: String::new(), line: number + 1 });
                }
                (None, None) => document.prose.push((number, line.to_owned())),
            }
        }
        assert!(open.is_none(), "a block of code has no end: {open:?}");
        document
    }

    /// The code spans of the prose, each with its line.
    pub fn spans(&self) -> Vec<(usize, String)> {
        let mut spans = Vec::new();
        for (number, line) in &self.prose {
            let mut parts = line.split('`');
            // Text and code alternate; text comes first.
            while let (Some(_text), Some(code)) = (parts.next(), parts.next()) {
                spans.push((*number, code.to_owned()));
            }
        }
        spans
    }

    /// The targets of the links and pictures, each with its line.
    pub fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (number, line) in &self.prose {
            for part in line.split("](").skip(1) {
                let target = part.split(')').next().unwrap_or_default();
                links.push((*number, target.split(' ').next().unwrap_or_default().to_owned()));
            }
        }
        links
    }

    /// The anchors of the headings, derived from their texts; repeated ones are numbered.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for (_, line) in self.prose.iter().filter(|(_, line)| line.starts_with('#')) {
            let anchor = anchor(line.trim_start_matches('#').trim());
            let earlier = anchors.iter().filter(|known| **known == anchor).count();
            anchors.push(if earlier == 0 { anchor } else { format!("{anchor}-{earlier}") });
        }
        anchors
    }
}

/// The anchor of a heading: lower case, without punctuation, a dash for each blank.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect::<String>().to_lowercase()
}

#[test]
fn parses_a_document() {
    let text = "# A `b`, c\nSee [it](x.md#y) and `z`.\n```json\n{}\n```\n# A b c\n";
    let document = Document::parse(text);
    assert_eq!(document.blocks, [Block { language: "json".to_owned(), text: "{}\n".to_owned(), line: 4 }]);
    assert_eq!(document.spans(), [(1, "b".to_owned()), (2, "z".to_owned())]);
    assert_eq!(document.links(), [(2, "x.md#y".to_owned())]);
    assert_eq!(document.anchors(), ["a-b-c", "a-b-c-1"]);
}

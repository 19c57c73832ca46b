//! What a collector sees of a batch: a trace of its own, linked to those that its records come from.

use crate::consume::batch::{Batch, Item};
use chrono::{DateTime, Utc};
use domain::event::EventKind;
use opentelemetry::trace::SpanContext;
use runtime::trace;
use tracing::Span;

/// A batch that is being written.
#[derive(Debug)]
pub(super) struct BatchTrace {
    /// The batch's own span; none where nothing is exported.
    pub(super) span: Span,
    topic: String,
    partition: i32,
    began: DateTime<Utc>,
    /// Where the answers to commands come from, [`trace::LINKS`] at most: the trace of a command ends in the batch that knows of
    /// its outcome.
    answers: Vec<SpanContext>,
}

impl BatchTrace {
    /// Begins with what is about to be written.
    pub(super) fn open(batch: &Batch) -> Self {
        let headers = batch.items.iter().map(|item| &item.record.headers);
        let answers = if trace::is_exported() { answers(&batch.items) } else { Vec::new() };
        Self {
            span: trace::process_batch(&batch.topic, batch.partition, headers),
            topic: batch.topic.clone(),
            partition: batch.partition,
            began: runtime::clock::now(),
            answers,
        }
    }

    /// Ends it. What is not `committed`, others will read again.
    pub(super) fn close(self, committed: bool) {
        if !committed {
            trace::fail(&self.span, "not_committed");
            return;
        }
        let times = (self.began, runtime::clock::now());
        for origin in self.answers {
            trace::answered(&self.topic, self.partition, origin, &self.span, times);
        }
    }
}

fn answers(items: &[Item]) -> Vec<SpanContext> {
    let is_answer = |item: &&Item| {
        item.event.as_ref().is_ok_and(|event| matches!(event.kind, EventKind::CommandAnswered(_)))
    };
    let origins = items.iter().filter(is_answer).filter_map(|item| trace::extract_span(&item.record.headers));
    origins.filter(SpanContext::is_sampled).take(trace::LINKS).collect()
}

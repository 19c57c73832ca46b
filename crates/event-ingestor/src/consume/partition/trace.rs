//! The trace of a batch: separate, and linked to the traces that its records come from.

use crate::consume::batch::{Batch, Item};
use chrono::{DateTime, Utc};
use domain::event::EventKind;
use opentelemetry::trace::SpanContext;
use runtime::trace;
use tracing::Span;

/// The trace of a batch that is being written.
#[derive(Debug)]
pub(super) struct BatchTrace {
    /// The span of the batch; disabled where nothing is exported.
    pub(super) span: Span,
    topic: String,
    partition: i32,
    began: DateTime<Utc>,
    /// The spans that answers to commands come from, [`trace::LINKS`] at most: the trace of a
    /// command ends in the batch that records its outcome.
    answers: Vec<SpanContext>,
}

impl BatchTrace {
    /// Starts the trace of a batch that is about to be written.
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

    /// Ends the trace. A batch that is not `committed` will be read again.
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

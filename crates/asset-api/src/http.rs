//! Shared by all resources: extractors, pages, errors and the context of handlers. Does not depend
//! on any resource.

pub(crate) mod bound;
pub(crate) mod context;
pub(crate) mod creation;
pub(crate) mod cursors;
pub(crate) mod drivers;
pub(crate) mod edit;
pub(crate) mod edit_request;
pub(crate) mod error;
pub(crate) mod export;
pub(crate) mod fields;
pub(crate) mod paging;
pub(crate) mod scopes;

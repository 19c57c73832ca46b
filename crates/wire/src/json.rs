//! JSON as gateways send it: a borrowed tree, and objects that are read leniently by name.

mod node;
mod object;

pub(crate) use node::Node;
pub(crate) use object::Object;

//! JSON as gateways send it: a borrowed tree, and an object that is read leniently by name.

mod node;
mod object;

pub(crate) use node::Node;
pub(crate) use object::Object;

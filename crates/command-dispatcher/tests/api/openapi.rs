//! The OpenAPI document: committed as it is, and true in its examples.

#[test]
fn it_is_committed_as_it_is() {
    testkit::openapi_is_committed("command-dispatcher", &command_dispatcher::openapi());
}

#[test]
fn its_examples_are_true() {
    testkit::openapi_has_true_examples(&command_dispatcher::openapi());
}

#[test]
fn every_property_has_a_description() {
    testkit::openapi_describes_every_property(&command_dispatcher::openapi());
}

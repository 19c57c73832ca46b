//! The OpenAPI document: the committed file is up to date, and its examples are valid.

#[test]
fn the_committed_document_is_up_to_date() {
    testkit::openapi_is_committed("command-dispatcher", &command_dispatcher::openapi());
}

#[test]
fn the_examples_are_valid() {
    testkit::openapi_has_true_examples(&command_dispatcher::openapi());
}

#[test]
fn every_property_has_a_description() {
    testkit::openapi_describes_every_property(&command_dispatcher::openapi());
}

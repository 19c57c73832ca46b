//! The OpenAPI document: committed as it is, and true in its examples.

#[test]
fn it_is_committed_as_it_is() {
    testkit::openapi_is_committed("asset-api", &asset_api::openapi());
}

#[test]
fn its_examples_are_true() {
    testkit::openapi_has_true_examples(&asset_api::openapi());
}

#[test]
fn every_property_has_a_description() {
    testkit::openapi_describes_every_property(&asset_api::openapi());
}

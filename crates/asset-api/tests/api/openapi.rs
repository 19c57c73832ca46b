//! The OpenAPI document: the committed file is current, and its examples are valid.

#[test]
fn committed_document_matches_the_routes() {
    testkit::openapi_is_committed("asset-api", &asset_api::openapi());
}

#[test]
fn examples_match_their_schemas() {
    testkit::openapi_has_true_examples(&asset_api::openapi());
}

#[test]
fn every_property_has_a_description() {
    testkit::openapi_describes_every_property(&asset_api::openapi());
}

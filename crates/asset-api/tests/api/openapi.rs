//! The OpenAPI document: committed as it is, and true in its examples.

#[test]
fn committed_document_matches_the_routes() {
    testkit::openapi_is_committed("asset-api", &asset_api::openapi());
}

#[test]
fn examples_match_their_schemas() {
    testkit::openapi_has_true_examples(&asset_api::openapi());
}

//! What the operations on tariffs share in the OpenAPI document.

use runtime::openapi::Parameter;
use std::num::NonZeroU32;

/// The tag that groups the operations.
pub const TAG: &str = "Tariffs";
/// The id of the tariff in examples.
pub const ID: &str = "0192f0c4-7a11-7f00-8a00-5f3d2c1b0a99";

/// The path parameter that names a version.
pub fn number() -> Parameter {
    Parameter::path::<NonZeroU32>("number", "The number of the version.")
}

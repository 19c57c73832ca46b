//! The sender and the id of a Tariff object.

use chrono::{DateTime, Utc};

/// The sender and the id of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) country_code: String,
    pub(super) party_id: String,
    pub(super) id: String,
    pub(super) last_updated: DateTime<Utc>,
}

/// Identifiers that OCPI does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// The country code.
    #[error("countryCode must be two letters of ISO 3166, such as CN")]
    CountryCode,
    /// The party id.
    #[error("partyId must be three letters or digits")]
    PartyId,
    /// The tariff id.
    #[error("id must be 1 to 36 printable ASCII characters")]
    Id,
}

impl Header {
    /// Validates the sender and the id of an object.
    ///
    /// # Errors
    /// OCPI would not accept one of them.
    pub fn parse(
        country_code: &str,
        party_id: &str,
        id: &str,
        last_updated: DateTime<Utc>,
    ) -> Result<Self, InvalidHeader> {
        if country_code.len() != 2 || !country_code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidHeader::CountryCode);
        }
        if party_id.len() != 3 || !party_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidHeader::PartyId);
        }
        if !(1..=36).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidHeader::Id);
        }
        let (country_code, party_id, id) = (country_code.to_owned(), party_id.to_owned(), id.to_owned());
        Ok(Self { country_code, party_id, id, last_updated })
    }
}

//! The users among whom a developer chooses.

/// A user of the provider.
#[derive(Debug)]
pub struct User {
    /// The subject of its tokens.
    pub name: &'static str,
    /// What the page says about it.
    pub about: &'static str,
    /// The scopes that it may have.
    pub scopes: &'static [&'static str],
    /// The operators to which its tokens are bound; empty for none.
    pub operators: &'static [&'static str],
}

/// All users.
pub const USERS: [User; 3] = [
    User {
        name: "administrator",
        about: "every scope, every operator",
        scopes: &[
            "assets:read",
            "assets:write",
            "drivers:read",
            "commands:read",
            "commands:send",
            "tariffs:read",
            "tariffs:write",
            "issues:read",
            "issues:write",
            "audit:read",
            "operations",
        ],
        operators: &[],
    },
    User {
        name: "operator",
        about: "runs the stations of the operator op-7",
        scopes: &[
            "assets:read",
            "assets:write",
            "commands:read",
            "commands:send",
            "tariffs:read",
            "tariffs:write",
            "issues:read",
            "issues:write",
            "audit:read",
        ],
        operators: &["op-7"],
    },
    User {
        name: "reader",
        about: "sees every station, changes nothing",
        scopes: &["assets:read"],
        operators: &[],
    },
];

impl User {
    /// The user with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        USERS.iter().find(|user| user.name == name)
    }

    /// The requested scopes that the user may have, separated by spaces.
    pub fn granted(&self, requested: &str) -> String {
        let granted = requested.split(' ').filter(|scope| *scope == "openid" || self.scopes.contains(scope));
        granted.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_no_more_than_was_requested_and_is_allowed() {
        let reader = User::find("reader").unwrap();
        assert_eq!(reader.granted("openid assets:read assets:write x"), "openid assets:read");
        assert_eq!(reader.granted(""), "");
        assert!(User::find("root").is_none());
    }

    #[test]
    fn the_administrator_has_every_scope_that_the_console_requests() {
        let defaults = include_str!("../../../../crates/asset-api/defaults.toml");
        let (_, after) = defaults.split_once("sign_in_scopes = \"").unwrap();
        let (requested, _) = after.split_once('"').unwrap();
        assert_eq!(User::find("administrator").unwrap().granted(requested), requested);
    }
}

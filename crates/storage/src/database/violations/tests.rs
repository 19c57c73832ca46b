use super::violates_unique;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

struct Info {
    message: String,
    constraint: Option<&'static str>,
}

impl DatabaseErrorInformation for Info {
    fn message(&self) -> &str {
        &self.message
    }

    fn details(&self) -> Option<&str> {
        None
    }

    fn hint(&self) -> Option<&str> {
        None
    }

    fn table_name(&self) -> Option<&str> {
        None
    }

    fn column_name(&self) -> Option<&str> {
        None
    }

    fn constraint_name(&self) -> Option<&str> {
        self.constraint
    }

    fn statement_position(&self) -> Option<i32> {
        None
    }
}

fn duplicate(kind: DatabaseErrorKind, constraint: &'static str, is_named: bool) -> Error {
    let message = format!("duplicate key value violates unique constraint \"{constraint}\"");
    let info = Info { message, constraint: is_named.then_some(constraint) };
    Error::DatabaseError(kind, Box::new(info))
}

#[test]
fn finds_the_constraint_of_a_table_and_of_a_shard() {
    for name in ["commands_pkey", "commands_pkey_102077"] {
        let error = duplicate(DatabaseErrorKind::UniqueViolation, name, true);
        assert!(violates_unique(&error, "commands_pkey"), "{name}");
    }
    let of_a_shard = duplicate(DatabaseErrorKind::Unknown, "commands_pkey_102077", false);
    assert!(violates_unique(&of_a_shard, "commands_pkey"));
}

#[test]
fn confuses_neither_constraints_nor_errors() {
    for name in ["commands_pkey_of_caller", "commands_pkey_", "commands_pkey1", "other_commands_pkey"] {
        let error = duplicate(DatabaseErrorKind::UniqueViolation, name, true);
        assert!(!violates_unique(&error, "commands_pkey"), "{name}");
    }
    // An error of another kind may name the index, too.
    let damaged = Info { message: "index \"commands_pkey_102077\" is damaged".to_owned(), constraint: None };
    for error in [
        duplicate(DatabaseErrorKind::Unknown, "commands_pkey", false),
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(damaged)),
        Error::NotFound,
    ] {
        assert!(!violates_unique(&error, "commands_pkey"), "{error}");
    }
}

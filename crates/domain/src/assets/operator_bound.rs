//! The operators to which a caller is bound.

use std::sync::Arc;

/// The operators whose stations, piles, sessions, tariffs and commands a caller may reach. What
/// another operator has does not exist for the caller. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OperatorBound {
    /// Everything, also what belongs to no operator.
    All,
    /// What belongs to the operators with these ids; nothing if there are none.
    Only(Arc<[String]>),
}

impl OperatorBound {
    /// The bound to the operators with these ids; without a list there is no bound.
    #[must_use]
    pub fn of(ids: Option<&[String]>) -> Self {
        ids.map_or(Self::All, |ids| Self::Only(ids.into()))
    }

    /// The ids of the operators; `None` without a bound.
    #[must_use]
    pub fn ids(&self) -> Option<&[String]> {
        match self {
            Self::All => None,
            Self::Only(ids) => Some(ids),
        }
    }

    /// Whether the caller may reach what belongs to `operator`, `None` being no operator.
    #[must_use]
    pub fn reaches(&self, operator: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => operator.is_some_and(|operator| ids.iter().any(|id| id == operator)),
        }
    }

    /// The only operator that the caller may reach; `None` if there are several, or no bound.
    #[must_use]
    pub fn sole(&self) -> Option<&str> {
        match self.ids() {
            Some([id]) => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(ids: &[&str]) -> OperatorBound {
        OperatorBound::Only(ids.iter().map(|&id| id.to_owned()).collect())
    }

    #[test]
    fn a_bound_reaches_only_its_operators() {
        let bound = only(&["op-1", "op-2"]);
        assert!(bound.reaches(Some("op-1")) && bound.reaches(Some("op-2")));
        assert!(!bound.reaches(Some("op-10")) && !bound.reaches(None));
        assert!(OperatorBound::All.reaches(Some("op-10")) && OperatorBound::All.reaches(None));
        assert!(!only(&[]).reaches(Some("op-1")) && !only(&[]).reaches(None));
    }

    #[test]
    fn only_a_bound_to_one_operator_has_a_default() {
        assert_eq!(only(&["op-1"]).sole(), Some("op-1"));
        assert_eq!([only(&[]).sole(), only(&["op-1", "op-2"]).sole(), OperatorBound::All.sole()], [None; 3]);
    }
}

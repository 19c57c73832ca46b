use super::*;

fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-12-01T{hour:02}:00:00Z").parse().unwrap()
}

fn actor(name: &str) -> Actor {
    Actor::parse(name).unwrap()
}

fn proposal(effective_from: Option<DateTime<Utc>>) -> Proposal {
    Proposal { revision: 3, effective_from, proposed: EditStamp { at: at(8), by: actor("one") } }
}

#[test]
fn a_second_person_approves_what_was_requested() {
    for instant in [None, Some(at(12))] {
        let proposal = proposal(instant);
        assert_eq!(Proposal::approve(Some(&proposal), 3, &actor("other"), None), Ok(instant));
        assert_eq!(Proposal::approve(Some(&proposal), 3, &actor("other"), instant), Ok(instant));
    }
}

#[test]
fn refuses_the_same_person_another_revision_and_another_instant() {
    let proposal = proposal(Some(at(12)));
    let approve = |revision, by: &str, asked| Proposal::approve(Some(&proposal), revision, &actor(by), asked);
    assert_eq!(approve(3, "one", None), Err(ApprovalRefusal::SamePerson));
    assert_eq!(approve(4, "other", None), Err(ApprovalRefusal::Edited { proposed: 3 }));
    assert_eq!(approve(3, "other", Some(at(13))), Err(ApprovalRefusal::OtherInstant));
    assert_eq!(Proposal::approve(None, 3, &actor("other"), None), Err(ApprovalRefusal::NotProposed));
}

use super::*;

fn number(contents: &[Vec<u8>]) -> Result<u32, String> {
    crate::text(contents)?.parse().map_err(|_text| "not a number".to_owned())
}

#[test]
fn reads_a_file_again_after_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    std::fs::write(&file, "1\n").unwrap();
    let reloaded = Reloaded::open("test.number_file", vec![file.clone()], number).unwrap();
    assert_eq!(*reloaded.current(), 1);
    std::fs::write(&file, "2\n").unwrap();
    assert_eq!(*reloaded.current(), 2);
}

#[test]
fn keeps_the_last_valid_contents() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    std::fs::write(&file, "1").unwrap();
    let reloaded = Reloaded::open("test.number_file", vec![file.clone()], number).unwrap();
    std::fs::write(&file, "half-writ").unwrap();
    assert_eq!(*reloaded.current(), 1);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(*reloaded.current(), 1);
    std::fs::write(&file, "3").unwrap();
    assert_eq!(*reloaded.current(), 3);
}

#[test]
fn names_the_setting_and_the_file_at_the_start() {
    let missing = PathBuf::from("/nowhere/number");
    let error = Reloaded::open("test.number_file", vec![missing], number).unwrap_err().to_string();
    assert!(error.starts_with("test.number_file: /nowhere/number: "), "{error}");
}

#[test]
fn a_fixed_value_has_no_files() {
    assert_eq!(*Reloaded::fixed(7).current(), 7);
}

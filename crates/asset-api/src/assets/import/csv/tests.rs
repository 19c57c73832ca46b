use super::*;

fn read(file: &str) -> Vec<(u64, Result<Vec<String>, Broken>)> {
    let mut lines = Lines::new(file.as_bytes());
    let mut rows = Rows::new();
    let mut read = Vec::new();
    loop {
        match rows.next(&mut lines).unwrap() {
            Row::Fields(line, row) => read.push((line, row)),
            Row::Endless(line, why) => read.push((line, Err(why))),
            Row::End => return read,
        }
    }
}

fn row(fields: &[&str]) -> Result<Vec<String>, Broken> {
    Ok(fields.iter().map(|field| (*field).to_owned()).collect())
}

#[test]
fn reads_quoted_fields_that_continue_on_the_next_line() {
    let read = read("a,b\r\n\r\n\"x, \"\"y\"\"\",\"1\n2\"\r\n,\n");
    let expected = vec![(1, row(&["a", "b"])), (3, row(&["x, \"y\"", "1\n2"])), (5, row(&["", ""]))];
    assert_eq!(read, expected);
}

#[test]
fn reports_why_a_row_is_invalid() {
    assert_eq!(read("\"a,b\nc"), [(1, Err("a quote is not closed"))]);
    assert_eq!(read("a\n5\" x,5\" \ny"), [(1, row(&["a"])), (2, row(&["5\" x", "5\" "])), (3, row(&["y"]))]);
    assert_eq!(read("5\" x\n5\" y\nz")[0], (1, Err("a quote is in an invalid position")));
    assert_eq!(read(&",".repeat(MAX_FIELDS)), [(1, Err("has too many fields"))]);
}

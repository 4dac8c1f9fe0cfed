//! The parts of the documentation that are written from the code.

use std::fs;

use statefulscope::embed::docs::reference;

const FILE: &str = "docs/embedding.md";
const BEGIN: &str = "<!-- reference: written from src/embed by `cargo test --test docs` with WRITE=1 -->\n";
const END: &str = "<!-- end of reference -->";

/// The documentation says what the code understands. With `WRITE=1` it is made to.
#[test]
fn the_reference_of_parameters_and_messages_is_that_of_the_code() {
    let text = fs::read_to_string(FILE).unwrap();
    let begin = text.find(BEGIN).unwrap() + BEGIN.len();
    let end = text.find(END).unwrap();
    let wanted = format!("\n{}\n", reference());
    if std::env::var_os("WRITE").is_some() {
        fs::write(FILE, format!("{}{wanted}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert_eq!(text[begin..end], wanted);
}

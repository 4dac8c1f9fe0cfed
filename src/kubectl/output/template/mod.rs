//! Go's `text/template`, over JSON.
//!
//! Follows the packages `text/template` and `text/template/parse` of Go (BSD), in what is accepted, what is printed and
//! what errors say. Left out: methods, `call`, `js`, and complex numbers.

mod exec;
mod funcs;
mod lex;
mod parse;

use serde_json::Value;

/// A template that has been read.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    trees: Vec<(String, Vec<Node>)>,
}

/// The name that kubectl gives its template.
const NAME: &str = "output";

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Go's sentence about what is wrong.
    pub fn parse(text: &str) -> Result<Template, String> {
        parse::parse(text)
    }

    /// Prints the template over a value. What was printed before an error stays in `out`.
    ///
    /// # Errors
    /// Go's sentence about what went wrong.
    pub fn execute(&self, data: &Value, allow_missing_keys: bool, out: &mut String) -> Result<(), String> {
        exec::execute(self, data, allow_missing_keys, out)
    }
}

/// A piece of a template.
#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Action(Pipe),
    Branch(Kind, Pipe, Vec<Node>, Vec<Node>),
    Break,
    Continue,
    Template(usize, String, Option<Pipe>),
}

/// Which of the actions that have a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    If,
    Range,
    With,
}

/// Commands whose results are handed on, and the variables that get the last.
#[derive(Clone, Debug, Default)]
struct Pipe {
    variables: Vec<String>,
    assigns: bool,
    commands: Vec<Vec<Operand>>,
}

/// An argument of a command.
#[derive(Clone, Debug)]
struct Operand {
    at: usize,
    /// As messages show it.
    text: String,
    kind: OperandKind,
}

#[derive(Clone, Debug)]
enum OperandKind {
    Dot,
    Nil,
    Literal(Value),
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Function(String),
    Pipe(Box<Pipe>, Vec<String>),
}

impl Pipe {
    fn text(&self) -> String {
        let commands: Vec<String> = self.commands.iter().map(|command| command_text(command)).collect();
        let names = match (self.variables.join(", "), self.assigns) {
            (names, _) if names.is_empty() => names,
            (names, true) => names + " = ",
            (names, false) => names + " := ",
        };
        names + &commands.join(" | ")
    }
}

fn command_text(command: &[Operand]) -> String {
    command.iter().map(|operand| operand.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(text: &str) -> Result<String, String> {
        let data = json!({
            "metadata": {"name": "web", "labels": {"app": "nginx", "a-b": "c"}},
            "items": [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
            "secret": "aGVsbG8=", "nothing": null, "empty": [], "on": true, "count": 3,
        });
        let mut out = String::new();
        Template::parse(text)?.execute(&data, true, &mut out)?;
        Ok(out)
    }

    #[test]
    fn fields_and_missing_fields_are_printed() {
        assert_eq!(run("x {{.metadata.name}} y").unwrap(), "x web y");
        assert_eq!(run("{{.nosuch}} {{.nosuch.deeper}} {{.nothing}}").unwrap(), "<no value> <no value> <no value>");
        assert_eq!(run("{{.metadata.labels}}").unwrap(), "map[a-b:c app:nginx]");
        assert_eq!(run("{{index .metadata.labels \"a-b\"}} {{index .metadata.labels \"x\"}}").unwrap(), "c <no value>");
        assert_eq!(run("{{(index .items 1).name}} {{index .items 0 \"n\"}}").unwrap(), "b 1");
        assert_eq!(run("a {{- .count -}} \n b{{/* not */}}").unwrap(), "a3b");
    }

    #[test]
    fn branches_and_ranges() {
        assert_eq!(run("{{if .empty}}y{{else if .on}}z{{else}}n{{end}}").unwrap(), "z");
        assert_eq!(run("{{range .items}}{{.name}}{{\"\\n\"}}{{end}}").unwrap(), "a\nb\n");
        assert_eq!(run("{{range $i, $c := .items}}{{$i}}={{$c.name}} {{end}}").unwrap(), "0=a 1=b ");
        assert_eq!(run("{{range $k, $v := .metadata.labels}}{{$k}}:{{$v}};{{end}}").unwrap(), "a-b:c;app:nginx;");
        assert_eq!(run("{{range .empty}}x{{else}}none{{end}}{{range .nosuch}}x{{end}}").unwrap(), "none");
        assert_eq!(run("{{with .metadata}}{{.name}} {{$.count}}{{end}}{{with .nothing}}x{{end}}").unwrap(), "web 3");
        assert_eq!(run("{{$n := 0}}{{range .items}}{{if eq .n 2}}{{$n = .name}}{{end}}{{end}}{{$n}}").unwrap(), "b");
        assert_eq!(run("{{range .items}}{{if eq .name \"b\"}}{{break}}{{end}}{{.name}}{{end}}").unwrap(), "a");
        assert_eq!(run("{{range 3}}{{.}}{{end}}").unwrap(), "012");
        assert_eq!(run("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .count}}").unwrap(), "<3>");
    }

    #[test]
    fn functions() {
        assert_eq!(run("{{len .items}} {{.secret | base64decode}} {{not .on}}").unwrap(), "2 hello false");
        assert_eq!(
            run("{{and .on .count}} {{or .empty \"x\"}} {{eq .count 1 3}} {{lt 1 2}}").unwrap(),
            "3 x true true"
        );
        assert_eq!(
            run("{{printf \"%s-%03d|%-4v|%q|%%\" .metadata.name .count 1 \"a\"}}").unwrap(),
            "web-003|1   |\"a\"|%"
        );
        assert_eq!(run("{{print 1 2 \"a\" 3}}{{println \"x\" 1}}").unwrap(), "1 2a3x 1\n");
        assert_eq!(run("{{exists .metadata \"labels\" \"x\"}} {{slice \"abcd\" 1 3}}").unwrap(), "false bc");
        assert_eq!(run("{{html \"<a>\"}} {{urlquery \"a b&\"}}").unwrap(), "&lt;a&gt; a+b%26");
    }

    #[test]
    fn errors_name_their_place() {
        let cases = [
            ("{{.a", "template: output:1: unclosed action"),
            ("{{if .a}}", "template: output:1: unexpected EOF"),
            ("{{end}}", "template: output:1: unexpected {{end}}"),
            ("{{foo}}", "template: output:1: function \"foo\" not defined"),
            ("{{$x}}", "template: output:1: undefined variable \"$x\""),
            ("{{}}", "template: output:1: missing value for command"),
            ("{{.a-b}}", "template: output:1: bad character U+002D '-'"),
            (
                "{{.metadata.name.x}}",
                "template: output:1:11: executing \"output\" at <.metadata.name.x>: can't evaluate field x in type interface {}",
            ),
            (
                "\n{{.nothing.x}}",
                "template: output:2:10: executing \"output\" at <.nothing.x>: nil pointer evaluating interface {}.x",
            ),
            (
                "{{index .items 7}}",
                "template: output:1:2: executing \"output\" at <index .items 7>: error calling index: index out of range: 7",
            ),
            (
                "{{range .count2}}{{end}}{{range .secret}}{{end}}",
                "template: output:1:32: executing \"output\" at <.secret>: range can't iterate over aGVsbG8=",
            ),
            (
                "{{lt 1 \"a\"}}",
                "template: output:1:2: executing \"output\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison: int and string",
            ),
        ];
        for (text, error) in cases {
            assert_eq!(run(text).unwrap_err(), error, "{text}");
        }
    }
}

//! Printing a template over a value.
//!
//! Follows `text/template/exec.go` of Go.

use std::borrow::Cow;

use serde_json::Value;

use super::funcs::{self, Failure};
use super::{Kind, NAME, Node, Operand, OperandKind, Pipe, Template, command_text};
use crate::api::status::quote;
use crate::kubectl::output::go;

/// A value, or nothing at all: a field that is not there, or `null`.
pub(super) type Val<'a> = Option<Cow<'a, Value>>;

/// How many pieces are printed, and turns are taken, before a template counts as endless.
const BUDGET: usize = 200_000;
/// How much a template may print, and how long a text it may make, in bytes.
const MAX_TEXT: usize = 4_000_000;
/// How deep templates may call one another.
const DEPTH: usize = 200;

pub(super) fn execute(
    template: &Template,
    data: &Value,
    allow_missing_keys: bool,
    out: &mut String,
) -> Result<(), String> {
    let mut state = State {
        template,
        name: NAME,
        variables: Vec::new(),
        out,
        allow_missing_keys,
        dot_is_item: false,
        steps: 0,
        depth: 0,
    };
    let dot = Some(Cow::Borrowed(data));
    state.variables.push(("$", dot.clone()));
    state.list(&template.trees[0].1, &dot).map(drop)
}

struct State<'a, 'o> {
    template: &'a Template,
    name: &'a str,
    variables: Vec<(&'a str, Val<'a>)>,
    out: &'o mut String,
    allow_missing_keys: bool,
    /// Whether the dot is an item of what a range goes through.
    dot_is_item: bool,
    steps: usize,
    depth: usize,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'a> State<'a, '_> {
    /// An error at a place of the template.
    // Models text/template/parse/parse.go ErrorContext
    fn error(&self, at: usize, context: &str, why: &str) -> String {
        let before = &self.template.text[..at];
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(at, |newline| at - newline - 1);
        format!("template: {NAME}:{line}:{column}: executing {} at <{context}>: {why}", quote(self.name))
    }

    fn error_in(&self, operand: &Operand, why: &str) -> String {
        self.error(operand.at, &operand.text, why)
    }

    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > BUDGET || self.out.len() > MAX_TEXT {
            return Err(format!("template: {NAME}: the template prints too much"));
        }
        Ok(())
    }

    fn list(&mut self, nodes: &'a [Node], dot: &Val<'a>) -> Result<Flow, String> {
        for node in nodes {
            self.step()?;
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    if pipe.variables.is_empty() {
                        self.out.push_str(&value.map_or("<no value>".to_owned(), |value| go::sprint(&value)));
                    }
                }
                Node::Branch(kind, pipe, body, otherwise) => {
                    let known = self.variables.len();
                    let flow = match kind {
                        Kind::Range => self.range(pipe, body, otherwise, dot)?,
                        kind => {
                            let value = self.pipe(pipe, dot)?;
                            match (funcs::truth(&value), kind) {
                                (true, Kind::With) => {
                                    let outer = std::mem::replace(&mut self.dot_is_item, false);
                                    let flow = self.list(body, &value)?;
                                    self.dot_is_item = outer;
                                    flow
                                }
                                (true, _) => self.list(body, dot)?,
                                (false, _) => self.list(otherwise, dot)?,
                            }
                        }
                    };
                    self.variables.truncate(known);
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
                Node::Template(at, name, pipe) => self.call_template(*at, name, pipe.as_ref(), dot)?,
            }
        }
        Ok(Flow::On)
    }

    // Models text/template/exec.go walkTemplate
    fn call_template(&mut self, at: usize, name: &str, pipe: Option<&'a Pipe>, dot: &Val<'a>) -> Result<(), String> {
        let context = format!("{{{{template {}}}}}", quote(name));
        let template = self.template;
        let Some((name, nodes)) = template.trees.iter().rev().find(|(known, _)| known == name) else {
            return Err(self.error(at, &context, &format!("template {} not defined", quote(name))));
        };
        if self.depth >= DEPTH {
            return Err(self.error(at, &context, &format!("exceeded maximum template depth ({DEPTH})")));
        }
        let value = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => None,
        };
        let outer = (self.name, std::mem::take(&mut self.variables));
        self.name = name;
        self.variables.push(("$", value.clone()));
        self.depth += 1;
        self.list(nodes, &value)?;
        self.depth -= 1;
        (self.name, self.variables) = outer;
        Ok(())
    }

    // Models text/template/exec.go walkRange
    fn range(
        &mut self,
        pipe: &'a Pipe,
        body: &'a [Node],
        otherwise: &'a [Node],
        dot: &Val<'a>,
    ) -> Result<Flow, String> {
        let value = self.pipe_value(pipe, dot)?;
        let items: Vec<(Value, Val<'a>)> = match &value {
            None => Vec::new(),
            Some(value) => match &**value {
                Value::Array(items) => {
                    let items = items.iter().enumerate();
                    items.map(|(i, item)| (Value::from(i), not_null(Cow::Owned(item.clone())))).collect()
                }
                Value::Object(fields) => {
                    let fields = fields.iter();
                    fields
                        .map(|(name, item)| (Value::from(name.as_str()), not_null(Cow::Owned(item.clone()))))
                        .collect()
                }
                Value::Number(number) if number.is_i64() && pipe.variables.len() > 1 => {
                    let why = format!("can't use {number} to iterate over more than one variable");
                    return Err(self.error_in(pipe.last_operand(), &why));
                }
                Value::Number(number) if number.is_i64() => {
                    let count = number.as_i64().unwrap_or_default().clamp(0, BUDGET as i64);
                    (0..count).map(|i| (Value::from(i), Some(Cow::Owned(Value::from(i))))).collect()
                }
                other => {
                    let why = format!("range can't iterate over {}", go::sprint(other));
                    return Err(self.error_in(pipe.last_operand(), &why));
                }
            },
        };
        if items.is_empty() {
            return self.list(otherwise, dot);
        }
        let known = self.variables.len();
        for (key, item) in items {
            self.step()?;
            match pipe.variables.as_slice() {
                [one] => self.set(pipe, one, item.clone()),
                [first, second] => {
                    self.set(pipe, first, Some(Cow::Owned(key)));
                    self.set(pipe, second, item.clone());
                }
                _ => {}
            }
            let outer = std::mem::replace(&mut self.dot_is_item, true);
            let flow = self.list(body, &item)?;
            self.dot_is_item = outer;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn set(&mut self, pipe: &Pipe, name: &'a str, value: Val<'a>) {
        if pipe.assigns
            && let Some(known) = self.variables.iter_mut().rev().find(|(known, _)| *known == name)
        {
            known.1 = value;
        } else {
            self.variables.push((name, value));
        }
    }

    /// The value of a pipeline, which its variables get.
    fn pipe(&mut self, pipe: &'a Pipe, dot: &Val<'a>) -> Result<Val<'a>, String> {
        let value = self.pipe_value(pipe, dot)?;
        for name in &pipe.variables {
            self.set(pipe, name, value.clone());
        }
        Ok(value)
    }

    // Models text/template/exec.go evalPipeline
    fn pipe_value(&mut self, pipe: &'a Pipe, dot: &Val<'a>) -> Result<Val<'a>, String> {
        let mut value: Option<Val<'a>> = None;
        for command in &pipe.commands {
            value = Some(self.command(command, value, dot)?);
        }
        Ok(value.flatten())
    }

    // Models text/template/exec.go evalCommand
    fn command(&mut self, command: &'a [Operand], last: Option<Val<'a>>, dot: &Val<'a>) -> Result<Val<'a>, String> {
        let first = &command[0];
        if let OperandKind::Function(name) = &first.kind {
            return self.call(name, command, last, dot);
        }
        if command.len() > 1 || last.is_some() {
            let why = match &first.kind {
                OperandKind::Field(names) | OperandKind::Variable(_, names) | OperandKind::Pipe(_, names)
                    if !names.is_empty() =>
                {
                    // The value decides: only a method could take arguments.
                    self.operand(first, dot)?;
                    let field = names.last().map_or("", String::as_str);
                    format!("{field} is not a method but has arguments")
                }
                _ => format!("can't give argument to non-function {}", first.text),
            };
            return Err(self.error_in(first, &why));
        }
        if let OperandKind::Nil = first.kind {
            return Err(self.error_in(first, "nil is not a command"));
        }
        self.operand(first, dot)
    }

    fn operand(&mut self, operand: &'a Operand, dot: &Val<'a>) -> Result<Val<'a>, String> {
        match &operand.kind {
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Nil => Ok(None),
            OperandKind::Literal(value) => Ok(Some(Cow::Borrowed(value))),
            OperandKind::Field(names) => self.fields(dot.clone(), names, operand),
            OperandKind::Variable(name, names) => {
                let value = self.variables.iter().rev().find(|(known, _)| known == name);
                self.fields(value.and_then(|(_, value)| value.clone()), names, operand)
            }
            OperandKind::Function(name) => self.call(name, std::slice::from_ref(operand), None, dot),
            OperandKind::Pipe(pipe, names) => {
                let value = self.pipe(pipe, dot)?;
                self.fields(value, names, pipe.last_operand())
            }
        }
    }

    // Models text/template/exec.go evalFieldChain, evalField
    fn fields(&self, value: Val<'a>, names: &'a [String], operand: &Operand) -> Result<Val<'a>, String> {
        let mut value = value;
        let mut missing = value.is_none();
        for (depth, name) in names.iter().enumerate() {
            let found: Val<'a> = match value {
                None if missing && self.allow_missing_keys => None,
                None if missing => {
                    return Err(self.error_in(operand, &format!("nil data; no entry for key {}", quote(name))));
                }
                None => None,
                Some(Cow::Borrowed(Value::Object(fields))) => {
                    missing = !fields.contains_key(name);
                    fields.get(name).map(Cow::Borrowed)
                }
                Some(Cow::Owned(Value::Object(mut fields))) => {
                    missing = !fields.contains_key(name);
                    fields.remove(name).map(Cow::Owned)
                }
                Some(value) if value.is_null() => {
                    let why = format!("nil pointer evaluating interface {{}}.{name}");
                    return Err(self.error_in(operand, &why));
                }
                Some(other) => {
                    // Only what is inside something else has lost its type.
                    let is_inside = depth > 0 || (self.dot_is_item && matches!(operand.kind, OperandKind::Field(_)));
                    let ty = if is_inside { "interface {}" } else { go::type_name(&other) };
                    return Err(self.error_in(operand, &format!("can't evaluate field {name} in type {ty}")));
                }
            };
            if missing && !self.allow_missing_keys {
                return Err(self.error_in(operand, &format!("map has no entry for key {}", quote(name))));
            }
            value = found;
        }
        Ok(value.and_then(not_null))
    }

    // Models text/template/exec.go evalCall
    fn call(
        &mut self,
        name: &str,
        command: &'a [Operand],
        last: Option<Val<'a>>,
        dot: &Val<'a>,
    ) -> Result<Val<'a>, String> {
        let first = &command[0];
        let mut arguments: Vec<Val<'a>> = Vec::new();
        // A number in a template is of another type than one in an object.
        let literal = |operand: &Operand| matches!(operand.kind, OperandKind::Literal(_));
        let literals: Vec<bool> = command[1..].iter().map(literal).collect();
        let count = command.len() - 1 + usize::from(last.is_some());
        if let Err(why) = funcs::check_count(name, count) {
            return Err(self.error_in(first, &why));
        }
        for operand in &command[1..] {
            let value = self.operand(operand, dot)?;
            // The logical functions look at no more than they need.
            let decided = match name {
                "and" => !funcs::truth(&value),
                "or" => funcs::truth(&value),
                _ => false,
            };
            if decided {
                return Ok(value);
            }
            arguments.push(value);
        }
        arguments.extend(last);
        if name == "and" || name == "or" {
            return Ok(arguments.pop().flatten());
        }
        match funcs::call(name, arguments, &literals) {
            Ok(Some(Value::String(text))) if text.len() > MAX_TEXT => {
                Err(self.error(first.at, &command_text(command), "the text is too long"))
            }
            Ok(value) => Ok(value.map(Cow::Owned).and_then(not_null)),
            Err(Failure::Argument(why)) => Err(self.error_in(first, &why)),
            Err(Failure::Call(why)) => {
                let why = format!("error calling {name}: {why}");
                Err(self.error(first.at, &command_text(command), &why))
            }
        }
    }
}

impl Pipe {
    /// The operand that is evaluated last, which errors about the whole are said to be at.
    fn last_operand(&self) -> &Operand {
        let operand = self.commands.last().and_then(|command| command.last());
        let operand = operand.expect("a pipeline has commands, and these have operands");
        match &operand.kind {
            OperandKind::Pipe(inner, _) => inner.last_operand(),
            _ => operand,
        }
    }
}

fn not_null(value: Cow<'_, Value>) -> Val<'_> {
    if value.is_null() { None } else { Some(value) }
}

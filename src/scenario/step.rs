//! A step of a story: what is said, what is done, until when, and what the reader is asked.
//!
//! ```yaml
//! say: …                                 # words
//! do:                                    # in order, each when what runs in the first terminal has ended
//! - kubectl get pods                     # a text is a line, typed into the first terminal
//! - run: {terminal: 1, line: "…"}        # anything else a command, as in the log
//! - setNodeDown: {node: node1, down: true}
//! wait: rest                             # see `Until`
//! question: {ask: …, answers: […, …], right: 0, why: …}    # words
//! ```

use serde_json::Value;

use super::read::At;
use super::words::Words;
use super::{Trouble, sentence};
use crate::api::json;
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::time::Millis;
use crate::command::Command;

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is said.
    pub say: Words,
    /// What is done, in order.
    pub acts: Vec<Command>,
    /// When the step is over.
    pub wait: Until,
    /// What the reader is asked after it, about what comes next.
    pub question: Option<Question>,
}

/// When a step is over. Each has an end: see [`super::player`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// No `wait`: what runs in the first terminal has ended.
    Lines,
    /// `rest`: nothing is left to be done in the cluster.
    Rest,
    /// A number: so many seconds have passed.
    For(Millis),
    /// `{pod: web-1, is: Ready}`, in a `namespace` if not in `default`: kubectl shows this as the pod's status; or it is
    /// `Ready`, or `gone`.
    Pod {
        /// The pod.
        pod: ObjectRef,
        /// The status.
        is: String,
    },
}

/// What the reader is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The question.
    pub ask: Words,
    /// What can be answered.
    pub answers: Vec<Words>,
    /// The number of the right answer, from 0.
    pub right: usize,
    /// Why it is right.
    pub why: Words,
}

impl Step {
    pub(super) fn read(at: &At<'_>) -> Result<Step, Trouble> {
        let question = at.field("question");
        Ok(Step {
            say: at.field("say").words()?,
            acts: at.field("do").list()?.iter().map(act).collect::<Result<_, _>>()?,
            wait: until(&at.field("wait"))?,
            question: if question.is_absent() { None } else { Some(Question::read(&question)?) },
        })
    }
}

fn act(at: &At<'_>) -> Result<Command, Trouble> {
    match at.value {
        Value::String(line) => Ok(Command::Run { terminal: 0, line: line.clone() }),
        value => serde_json::from_str(&json::to_string(value)).map_err(|error| at.wrong(&sentence(&error))),
    }
}

fn until(at: &At<'_>) -> Result<Until, Trouble> {
    match at.value {
        Value::Null => Ok(Until::Lines),
        Value::String(text) if text == "rest" => Ok(Until::Rest),
        Value::Number(_) => Ok(Until::For(Millis((at.number()? * 1000.0) as i64))),
        Value::Object(_) => {
            let namespace = at.field("namespace");
            let namespace = if namespace.is_absent() { "default" } else { namespace.text()? };
            let pod = ObjectRef::new(Kind::Pod, namespace, at.field("pod").text()?);
            Ok(Until::Pod { pod, is: at.field("is").text()?.to_owned() })
        }
        _ => Err(at.wrong("must be rest, a number of seconds, or a pod and what it is")),
    }
}

impl Question {
    fn read(at: &At<'_>) -> Result<Question, Trouble> {
        let answers = at.field("answers").list()?.iter().map(At::words).collect::<Result<Vec<_>, _>>()?;
        let right = at.field("right");
        let number = right.value.as_u64().map(|number| number as usize).filter(|number| *number < answers.len());
        Ok(Question {
            ask: at.field("ask").words()?,
            right: number.ok_or_else(|| right.wrong("must be the number of an answer, from 0"))?,
            answers,
            why: at.field("why").words()?,
        })
    }
}

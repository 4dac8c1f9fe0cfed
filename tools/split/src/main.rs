//! Divides a wasm module into what a first view runs and the rest, which is loaded when it is needed.
//!
//! ```text
//! split bare MODULE BARE                 without what the linker wrote down for those who come after it
//! split mark WHOLE MARKED               every function says its number when it is called
//! split divide WHOLE LINKED RAN LEVEL FIRST REST
//! ```
//!
//! RAN are the numbers that were said, one in a line; LINKED is the module as the linker wrote it, with `--emit-relocs`.
//! LEVEL is the number of the rest, counted from the first part: one that has been divided can be divided again, into less
//! and a rest with a lower number. A rest comes after those with lower numbers.
//!
//! The first part keeps the functions that ran, the small ones, memory, tables and the data that they
//! refer to. In the place of each other
//! function that something in it can reach stands a door: it has the rest brought if it is not there yet, and calls what it
//! finds in the table of doors. The rest takes memory, tables, globals and the functions that it calls from the exports
//! of the first part, and fills the table of doors and the rest of the data
//! when it is instantiated.

mod data;
mod divide;
mod mark;

use std::process::ExitCode;
use std::{env, fs};

use anyhow::Result;
use data::Pieces;
use walrus::Module;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["bare", module, bare] => run_bare(module, bare),
        ["mark", whole, marked] => run_mark(whole, marked),
        ["divide", whole, linked, ran, level, first, rest] => run_divide(whole, linked, ran, level, [first, rest]),
        _ => {
            eprintln!(
                "usage: split bare MODULE BARE | split mark WHOLE MARKED | split divide WHOLE LINKED RAN LEVEL FIRST REST"
            );
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("split: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_bare(module: &str, bare: &str) -> Result<()> {
    read(&fs::read(module)?)?.emit_wasm_file(bare)
}

fn run_mark(whole: &str, marked: &str) -> Result<()> {
    let mut module = read(&fs::read(whole)?)?;
    mark::mark(&mut module);
    module.emit_wasm_file(marked)
}

fn run_divide(whole: &str, linked: &str, ran: &str, level: &str, [first, rest]: [&str; 2]) -> Result<()> {
    let wasm = fs::read(whole)?;
    let ran = fs::read_to_string(ran)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    let parts = divide::divide(|| read(&wasm), &ran, &Pieces::read(&fs::read(linked)?)?, level.parse()?)?;
    let divide::Parts { mut first_part, mut rest_part, kept, moved, doors, shared, bytes } = parts;
    first_part.emit_wasm_file(first)?;
    rest_part.emit_wasm_file(rest)?;
    println!(
        "{kept} functions kept, {moved} moved; {doors} doors, {shared} functions shared; {bytes} bytes of data moved"
    );
    Ok(())
}

/// Reads a module; the numbers of its functions are the same each time.
fn read(wasm: &[u8]) -> Result<Module> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut module = config.parse(wasm)?;
    // What the linker and others wrote down for those who come after them.
    let notes: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for id in notes {
        module.customs.delete(id);
    }
    Ok(module)
}

//! The editor's files: what `-f` can name, and what lines of the shell write.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use super::session::Session;
use crate::command::Command;

/// The file that the editor begins with: its name, and its text.
pub const FIRST: (&str, &str) = ("statefulset-web.yaml", include_str!("../../scenarios/web.yaml"));

/// A file of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// A number that stays the file's own, whatever it is called.
    pub id: u32,
    /// The name.
    pub name: String,
    /// The text; of the open file, as it was when it was opened.
    text: String,
}

/// The files, one of which is open. A copy is a handle to the same ones.
#[derive(Clone, Copy)]
pub struct Files {
    /// The files, in the order of their tabs.
    pub all: RwSignal<Vec<File>>,
    /// The number of the open one.
    pub open: RwSignal<u32>,
    next: StoredValue<u32>,
}

impl Files {
    /// The first file alone, and its text.
    pub fn new() -> (Files, &'static str) {
        let first = File { id: 0, name: FIRST.0.to_owned(), text: FIRST.1.to_owned() };
        (Files { all: RwSignal::new(vec![first]), open: RwSignal::new(0), next: StoredValue::new(1) }, FIRST.1)
    }

    /// The names.
    pub fn names(self) -> Vec<String> {
        self.all.with_untracked(|all| all.iter().map(|file| file.name.clone()).collect())
    }

    fn is_taken(self, name: &str, by_other_than: u32) -> bool {
        self.all.with_untracked(|all| all.iter().any(|file| file.name == name && file.id != by_other_than))
    }

    fn add(self, name: String, text: String) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.all.update(|all| all.push(File { id, name, text }));
        id
    }
}

/// Files that are not shown now, and the number of the one that was open.
pub struct Kept {
    all: Vec<File>,
    open: u32,
}

/// The files of the shell, by name.
type Stored = BTreeMap<String, Arc<str>>;

impl Session {
    /// What a file is called.
    pub fn file_name(&self, id: u32) -> String {
        let name = |all: &Vec<File>| all.iter().find(|file| file.id == id).map(|file| file.name.clone());
        self.files.all.with_untracked(name).unwrap_or_default()
    }

    /// Opens a file. What is wrong with the one before is not shown any more.
    pub fn open_file(&self, id: u32) {
        if self.files.open.get_untracked() == id {
            return;
        }
        self.keep_text();
        self.show_file(id);
    }

    fn show_file(&self, id: u32) {
        let text = self.files.all.with_untracked(|all| all.iter().find(|file| file.id == id).map(|f| f.text.clone()));
        let Some(text) = text else { return };
        self.files.open.set(id);
        self.manifest.set(text);
        self.answer.update(|answer| answer.diagnostics.clear());
    }

    /// Shows other files, the first one by name open, and gives those that were shown.
    pub fn exchange_files(&self, texts: &BTreeMap<String, String>) -> Kept {
        self.keep_text();
        let kept = Kept { all: self.files.all.get_untracked(), open: self.files.open.get_untracked() };
        self.files.all.set(Vec::new());
        for (name, text) in texts {
            self.files.add(name.clone(), text.clone());
        }
        match self.files.all.with_untracked(|all| all.first().map(|file| file.id)) {
            Some(first) => self.show_file(first),
            None => drop(self.new_file()),
        }
        kept
    }

    /// Shows files again.
    pub fn put_files_back(&self, kept: Kept) {
        self.files.all.set(kept.all);
        self.show_file(kept.open);
    }

    /// Puts the text of the open file to the others.
    fn keep_text(&self) {
        let (text, open) = (self.manifest_now(), self.files.open.get_untracked());
        self.files.all.update(|all| {
            if let Some(file) = all.iter_mut().find(|file| file.id == open) {
                file.text = text;
            }
        });
    }

    /// Begins a file, and opens it.
    pub fn new_file(&self) -> u32 {
        let free = |n: &usize| !self.files.is_taken(&format!("manifest-{n}.yaml"), u32::MAX);
        let number = (1..).find(free).unwrap_or_default();
        let id = self.files.add(format!("manifest-{number}.yaml"), String::new());
        self.open_file(id);
        id
    }

    /// Adds a file that came from elsewhere, and opens it.
    pub fn add_file(&self, name: &str, text: String) {
        let number = |n: usize| if n == 1 { name.to_owned() } else { format!("{n}-{name}") };
        let free = (1..).map(number).find(|name| !self.files.is_taken(name, u32::MAX)).unwrap_or_default();
        let id = self.files.add(free, text);
        self.open_file(id);
    }

    /// Gives a file another name, where it is one and no other file has it. Says whether it is so called now.
    pub fn rename_file(&self, id: u32, name: &str) -> bool {
        let name = name.trim().trim_start_matches("./");
        let is_name = !name.is_empty() && !name.starts_with('/') && !name.ends_with('/') && !name.contains("://");
        if !is_name || self.files.is_taken(name, id) {
            return false;
        }
        let mut old = None;
        self.files.all.update(|all| {
            if let Some(file) = all.iter_mut().find(|file| file.id == id && file.name != name) {
                old = Some(std::mem::replace(&mut file.name, name.to_owned()));
            }
        });
        if let Some(name) = old {
            self.give(Command::RemoveFile { name });
        }
        true
    }

    /// Removes a file. There is always one.
    pub fn delete_file(&self, id: u32) {
        let Some(at) = self.files.all.with_untracked(|all| all.iter().position(|file| file.id == id)) else { return };
        if self.files.all.with_untracked(Vec::len) == 1 {
            self.new_file();
        } else if self.files.open.get_untracked() == id {
            let beside = if at > 0 { at - 1 } else { 1 };
            self.open_file(self.files.all.with_untracked(|all| all[beside].id));
        }
        let mut name = String::new();
        self.files.all.update(|all| name = all.remove(at).name);
        self.give(Command::RemoveFile { name });
    }

    /// Puts these files in the place of all others. There is always one.
    pub fn show_files(&self, files: &BTreeMap<String, String>, open: &str) {
        let first = self.files.next.get_value();
        let name = |name: &str| name.to_owned();
        let mut all: Vec<File> = Vec::new();
        for (number, (file, text)) in files.iter().enumerate() {
            all.push(File { id: first + number as u32, name: name(file), text: text.clone() });
        }
        if all.is_empty() {
            all.push(File { id: first, name: name(FIRST.0), text: String::new() });
        }
        self.files.next.set_value(first + all.len() as u32);
        let shown = all.iter().find(|file| file.name == open).unwrap_or(&all[0]);
        let (id, text) = (shown.id, shown.text.clone());
        self.files.all.set(all);
        self.files.open.set(id);
        self.manifest.set(text);
    }

    /// The files as they are in the editor, and the name of the open one.
    pub fn files_now(&self) -> (BTreeMap<String, String>, String) {
        let (text, open) = (self.manifest_now(), self.files.open.get_untracked());
        let of = |file: &File| {
            let text = if file.id == open { text.clone() } else { file.text.clone() };
            (file.name.clone(), text)
        };
        (self.files.all.with_untracked(|all| all.iter().map(of).collect()), self.file_name(open))
    }

    /// Lets `-f` find what stands in the editor.
    fn save_files(&self) {
        self.keep_text();
        for file in self.files.all.get_untracked() {
            let is_known = self.with_stored(|stored| stored.get(&file.name).is_some_and(|known| **known == *file.text));
            if !is_known {
                self.give(Command::SaveFile { name: file.name, text: file.text });
            }
        }
    }

    /// Does what may write files in the shell, and shows these in the editor.
    pub fn with_files<T>(&self, work: impl FnOnce() -> T) -> T {
        self.save_files();
        self.following_files(work)
    }

    /// The same for what goes on by itself, without taking the editor's texts over first.
    pub fn following_files<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.with_stored(Clone::clone);
        let done = work();
        let changed: Vec<(String, Arc<str>)> = self.with_stored(|stored| {
            let is_new =
                |(name, text): &(&String, &Arc<str>)| before.get(*name) != Some(*text) && !name.contains("://");
            stored.iter().filter(is_new).map(|(name, text)| (name.clone(), Arc::clone(text))).collect()
        });
        for (name, text) in changed {
            self.take_text(name, &text);
        }
        let gone =
            |file: &File| before.contains_key(&file.name) && !self.with_stored(|now| now.contains_key(&file.name));
        let gone: Vec<u32> =
            self.files.all.with_untracked(|all| all.iter().filter(|f| gone(f)).map(|f| f.id).collect());
        for id in gone {
            self.delete_file(id);
        }
        done
    }

    /// Shows what the shell wrote to a file.
    fn take_text(&self, name: String, text: &str) {
        let known = self.files.all.with_untracked(|all| all.iter().find(|file| file.name == name).map(|file| file.id));
        match known {
            None => drop(self.files.add(name, text.to_owned())),
            Some(id) if id == self.files.open.get_untracked() => self.manifest.set(text.to_owned()),
            Some(id) => self.files.all.update(|all| {
                if let Some(file) = all.iter_mut().find(|file| file.id == id) {
                    file.text = text.to_owned();
                }
            }),
        }
    }

    fn with_stored<T>(&self, read: impl FnOnce(&Stored) -> T) -> T {
        self.with_bench(|bench| read(bench.files()))
    }
}

//! A table as kubectl prints it.
//!
//! Follows `staging/src/k8s.io/cli-runtime/pkg/printers/tableprinter.go` of Kubernetes v1.37.2, Apache-2.0.

use super::{Column, Row, Table, labels};

/// How a table is printed.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--no-headers`
    pub no_headers: bool,
    /// `-o wide`
    pub wide: bool,
    /// Whether the kind stands before each name.
    pub with_kind: bool,
    /// Whether the namespace is the first column.
    pub with_namespace: bool,
    /// `--show-labels`
    pub show_labels: bool,
    /// `-L`
    pub label_columns: Vec<String>,
}

/// Prints tables one after the other. The header is printed once for equal columns.
#[derive(Clone, Debug, Default)]
pub struct TablePrinter {
    /// How.
    pub options: Options,
    printed: Vec<Column>,
}

impl TablePrinter {
    /// A printer.
    pub fn new(options: Options) -> TablePrinter {
        TablePrinter { options, printed: Vec::new() }
    }

    /// The table's lines, with tabs between the cells, for a [`super::tabwriter::TabWriter`]. `event` is the word for
    /// `--output-watch-events`, empty without.
    // Models staging/src/k8s.io/cli-runtime/pkg/printers/tableprinter.go printTable, decorateTable
    pub fn lines(&mut self, table: &Table, event: &str) -> String {
        let mut out = String::new();
        if table.rows.is_empty() {
            return out;
        }
        if !self.options.no_headers && self.printed != table.columns {
            self.header(table, event, &mut out);
        }
        self.printed.clone_from(&table.columns);
        for row in &table.rows {
            self.row(table, row, event, &mut out);
        }
        out
    }

    fn header(&self, table: &Table, event: &str, out: &mut String) {
        let options = &self.options;
        let mut cells: Vec<String> = Vec::new();
        if !event.is_empty() {
            cells.push("EVENT".to_owned());
        }
        if options.with_namespace {
            cells.push("NAMESPACE".to_owned());
        }
        cells.extend(table.columns.iter().filter(|column| self.shows(column)).map(|column| column.header.clone()));
        let after_slash = |label: &String| label.rsplit('/').next().unwrap_or_default().to_uppercase();
        cells.extend(options.label_columns.iter().map(after_slash));
        if options.show_labels {
            cells.push("LABELS".to_owned());
        }
        push_line(out, &cells);
    }

    fn row(&self, table: &Table, row: &Row, event: &str, out: &mut String) {
        let options = &self.options;
        let meta = &row.object.meta;
        let mut cells: Vec<String> = Vec::new();
        if !event.is_empty() {
            cells.push(format!("{event:<8}"));
        }
        if options.with_namespace {
            cells.push(meta.namespace.clone());
        }
        for (column, cell) in table.columns.iter().zip(&row.cells).filter(|(column, _)| self.shows(column)) {
            let is_name = options.with_kind && column.header == "NAME";
            let kind = if is_name { table.kind.group_kind() + "/" } else { String::new() };
            cells.push(kind + &in_one_line(cell));
        }
        let label = |name: &String| meta.labels.get(name).cloned().unwrap_or_default();
        cells.extend(options.label_columns.iter().map(label));
        if options.show_labels {
            cells.push(labels::format_labels(&meta.labels));
        }
        push_line(out, &cells);
    }

    fn shows(&self, column: &Column) -> bool {
        self.options.wide || !column.wide
    }
}

fn push_line(out: &mut String, cells: &[String]) {
    out.push_str(&cells.join("\t"));
    out.push('\n');
}

/// The text up to its first line end, without what would disturb a terminal.
// Models staging/src/k8s.io/cli-runtime/pkg/printers/tableprinter.go appendCellValue
fn in_one_line(cell: &str) -> String {
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(at) => escape(&cell[..at]) + "...",
        None => escape(cell),
    }
}

/// What would disturb a terminal, made visible.
// Models staging/src/k8s.io/cli-runtime/pkg/printers/terminal.go EscapeTerminal
pub fn escape(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\r', "\\r")
}

//! Text with tabs made into columns.
//!
//! A cell is what a tab ends; the last piece of a line is none. Cells one above the other in adjacent lines make a
//! column, which is as wide as its widest cell.
//!
//! Follows Go's `text/tabwriter`, as far as kubectl uses it: blanks for padding, and widths that are remembered.

/// How columns are laid out.
#[derive(Clone, Debug, Default)]
pub struct TabWriter {
    min_width: usize,
    padding: usize,
    /// The widths so far, where later text is to line up with earlier.
    remembered: Option<Vec<usize>>,
}

impl TabWriter {
    /// As `kubectl get` lays out its tables.
    // Models k8s.io/cli-runtime/pkg/printers/tabwriter.go GetNewTabWriter
    pub fn for_tables() -> TabWriter {
        TabWriter { min_width: 6, padding: 3, remembered: Some(Vec::new()) }
    }

    /// As `kubectl describe` lays out its text.
    // Models k8s.io/kubectl/pkg/describe/describe.go tabbedString
    pub fn for_descriptions() -> TabWriter {
        TabWriter { min_width: 0, padding: 2, remembered: None }
    }

    /// Forgets the widths, so that the next text is laid out for itself.
    pub fn forget_widths(&mut self) {
        if let Some(widths) = &mut self.remembered {
            widths.clear();
        }
    }

    /// The text with its tabs made into blanks.
    pub fn write(&mut self, text: &str) -> String {
        let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut out = String::with_capacity(text.len() * 2);
        self.format(&lines, 0, lines.len(), &mut Vec::new(), &mut out);
        out
    }

    // Models text/tabwriter Writer.format
    fn format(&mut self, lines: &[Vec<&str>], from: usize, to: usize, widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let has_cell = |line: usize| column + 1 < lines[line].len();
        let mut from = from;
        let mut at = from;
        while at < to {
            if !has_cell(at) {
                at += 1;
                continue;
            }
            write_lines(lines, from, at, widths, out);
            from = at;
            let mut width = self.min_width;
            while at < to && has_cell(at) {
                width = width.max(lines[at][column].chars().count() + self.padding);
                at += 1;
            }
            if let Some(remembered) = &mut self.remembered {
                match remembered.get_mut(column) {
                    None => remembered.push(width),
                    Some(known) => {
                        width = width.max(*known);
                        *known = width;
                    }
                }
            }
            widths.push(width);
            self.format(lines, from, at, widths, out);
            widths.pop();
            from = at;
        }
        write_lines(lines, from, to, widths, out);
    }
}

fn write_lines(lines: &[Vec<&str>], from: usize, to: usize, widths: &[usize], out: &mut String) {
    for (line, cells) in lines.iter().enumerate().take(to).skip(from) {
        for (i, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(i) {
                let padding = width.saturating_sub(cell.chars().count());
                out.extend(std::iter::repeat_n(' ', padding));
            }
        }
        if line + 1 < lines.len() {
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_ends_with_the_first_line_that_lacks_it() {
        let mut writer = TabWriter::for_descriptions();
        assert_eq!(writer.write("Name:\tweb\nX:\t1\nlong line\nA:\tb\n"), "Name:  web\nX:     1\nlong line\nA:  b\n");
        assert_eq!(writer.write("a\tb\tc\nd\te\n"), "a  b  c\nd  e\n");
        assert_eq!(writer.write("\tx\nlabel:\ty"), "        x\nlabel:  y");
    }

    #[test]
    fn tables_remember_how_wide_their_columns_were() {
        let mut writer = TabWriter::for_tables();
        assert_eq!(writer.write("NAME\tREADY\tAGE\nweb-0\t1/1\t5s\n"), "NAME    READY   AGE\nweb-0   1/1     5s\n");
        assert_eq!(writer.write("a\t0/1\t6s\n"), "a       0/1     6s\n");
        writer.forget_widths();
        assert_eq!(writer.write("a\t0/1\t6s\n"), "a     0/1   6s\n");
    }
}

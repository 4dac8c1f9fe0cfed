//! Two texts, and where they differ, as `diff -u` prints it.

/// How many lines around a change are shown.
const AROUND: usize = 3;
/// The most lines that are compared one by one; a longer text is shown as changed as a whole.
const LONGEST: usize = 4000;

/// A line that stays, goes or comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// The hunks that make the new text of the old one, without the lines that name the files; empty where they are equal.
pub fn unified(old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let edits = edits(&old, &new);
    let mut out = String::new();
    let mut at = 0;
    // Where the edit stands in the two texts.
    let mut places = vec![(0, 0)];
    for edit in &edits {
        let (a, b) = places[places.len() - 1];
        places.push((a + usize::from(*edit != Edit::Add), b + usize::from(*edit != Edit::Remove)));
    }
    while let Some(first) = (at..edits.len()).find(|i| edits[*i] != Edit::Keep) {
        let mut last = first;
        for (i, edit) in edits.iter().enumerate().skip(first) {
            if *edit != Edit::Keep {
                last = i;
            } else if i - last > 2 * AROUND {
                break;
            }
        }
        let (from, to) = (first.saturating_sub(AROUND).max(at), (last + 1 + AROUND).min(edits.len()));
        let ((a, b), (c, d)) = (places[from], places[to]);
        out.push_str(&format!("@@ -{} +{} @@\n", range(a, c - a), range(b, d - b)));
        for i in from..to {
            let (sign, line) = match edits[i] {
                Edit::Keep => (' ', old[places[i].0]),
                Edit::Remove => ('-', old[places[i].0]),
                Edit::Add => ('+', new[places[i].1]),
            };
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
        at = to;
    }
    out
}

fn range(start: usize, length: usize) -> String {
    match length {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        length => format!("{},{length}", start + 1),
    }
}

/// A shortest way from the old lines to the new ones; of equal ways the one that removes first, and changes as late as it
/// can, which is what `diff` shows.
fn edits(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let most = (old.len() - head).min(new.len() - head);
    let tail = (0..most).take_while(|i| old[old.len() - 1 - i] == new[new.len() - 1 - i]).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut out = vec![Edit::Keep; head];
    if a.len() > LONGEST || b.len() > LONGEST || a.len() * b.len() > LONGEST * LONGEST / 4 {
        out.extend(std::iter::repeat_n(Edit::Remove, a.len()));
        out.extend(std::iter::repeat_n(Edit::Add, b.len()));
    } else {
        middle(a, b, &mut out);
    }
    out.extend(std::iter::repeat_n(Edit::Keep, tail));
    shift(&mut out, old, new);
    out
}

/// The longest common subsequence, by a table.
fn middle(a: &[&str], b: &[&str], out: &mut Vec<Edit>) {
    let width = b.len() + 1;
    let mut common = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push(Edit::Keep);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            out.push(Edit::Remove);
            i += 1;
        } else {
            out.push(Edit::Add);
            j += 1;
        }
    }
}

/// Moves runs of additions or removals down as far as the lines after them are the same.
// Models GNU diffutils src/analyze.c shift_boundaries
fn shift(edits: &mut [Edit], old: &[&str], new: &[&str]) {
    for (kind, lines) in [(Edit::Remove, old), (Edit::Add, new)] {
        let mut at = 0;
        while at < edits.len() {
            if edits[at] != kind {
                at += 1;
                continue;
            }
            let mut start = at;
            let mut end = at;
            while end < edits.len() && edits[end] == kind {
                end += 1;
            }
            let line_at = |index: usize| {
                let other = if kind == Edit::Remove { Edit::Add } else { Edit::Remove };
                edits[..index].iter().filter(|edit| **edit != other).count()
            };
            let alone =
                (start == 0 || edits[start - 1] == Edit::Keep) && (end == edits.len() || edits[end] == Edit::Keep);
            let mut first = line_at(start);
            let length = end - start;
            while alone && end < edits.len() && edits[end] == Edit::Keep && lines[first] == lines[first + length] {
                edits.swap(start, end);
                (start, end, first) = (start + 1, end + 1, first + 1);
            }
            at = end.max(at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_three_lines_around_them() {
        let old: String = (1..=12).map(|n| format!("{n}\n")).collect();
        let new = old.replace("\n6\n", "\nsix\n");
        assert_eq!(unified(&old, &new), "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n");
        assert_eq!(unified("a\n", "a\n"), "");
        assert_eq!(unified("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
    }

    #[test]
    fn changes_that_are_near_share_a_hunk() {
        let old: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let new = old.replace("\n5\n", "\n").replace("\n12\n", "\n");
        assert_eq!(unified(&old, &new).matches("@@ -").count(), 1);
        let new = old.replace("\n5\n", "\n").replace("\n13\n", "\n");
        assert_eq!(unified(&old, &new).matches("@@ -").count(), 2);
    }
}

//! What cannot be equal in two transcripts is masked on both sides, as `FORMAT.md` of the recordings says.

/// Finds something at a place of a text: how long it is, and what stands for it.
type Find<'a> = &'a dyn Fn(&[u8], usize) -> Option<(usize, String)>;

fn replace(text: &str, find: Find<'_>) -> String {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match find(bytes, at) {
            Some((length, with)) if length > 0 => {
                out.extend(with.bytes());
                at += length;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).expect("only whole characters are replaced")
}

fn is_word(bytes: &[u8], at: Option<usize>) -> bool {
    at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80)
}

/// Whether a word begins or ends here.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    is_word(bytes, at.checked_sub(1)) != is_word(bytes, Some(at))
}

fn count(bytes: &[u8], at: usize, accept: impl Fn(u8) -> bool) -> usize {
    bytes[at.min(bytes.len())..].iter().take_while(|b| accept(**b)).count()
}

fn digits(bytes: &[u8], at: usize) -> usize {
    count(bytes, at, |b| b.is_ascii_digit())
}

/// The length of a match of a shape: `9` is a digit, `x` a hexadecimal digit, `a` a letter of a word, `s` a sign, `+` any
/// number of digits from one on; everything else is itself.
fn shape(bytes: &[u8], from: usize, shape: &str) -> Option<usize> {
    let mut at = from;
    for c in shape.bytes() {
        let next = *bytes.get(at)?;
        let fits = match c {
            b'9' => next.is_ascii_digit(),
            b'x' => next.is_ascii_digit() || (b'a'..=b'f').contains(&next),
            b'a' => is_word(bytes, Some(at)),
            b's' => next == b'+' || next == b'-',
            b'+' => {
                at += digits(bytes, at).checked_sub(1)?;
                true
            }
            other => next == other,
        };
        if !fits {
            return None;
        }
        at += 1;
    }
    Some(at - from)
}

/// Masks everything of one form, where a word begins if that is wanted, and ends if that is.
fn mask_shape(text: &str, form: &str, with: &str, begins: bool, ends: bool) -> String {
    replace(text, &|bytes, at| {
        let length = shape(bytes, at, form)?;
        let fits = (!begins || is_boundary(bytes, at)) && (!ends || is_boundary(bytes, at + length));
        fits.then(|| (length, with.to_owned()))
    })
}

/// `5s`, `3m42s`, where nothing before or after makes it part of something else.
fn mask_ages(text: &str) -> String {
    replace(text, &|bytes, at| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        if is_word(bytes, at.checked_sub(1)) || before.is_some_and(|b| b".:/<-".contains(&b)) {
            return None;
        }
        let mut ends = Vec::new();
        let mut end = at;
        loop {
            let number = digits(bytes, end);
            if number == 0 || !bytes.get(end + number).is_some_and(|b| b"dhms".contains(b)) {
                break;
            }
            end += number + 1;
            ends.push(end);
        }
        let fits = |end: &&usize| !is_word(bytes, Some(**end)) && bytes.get(**end) != Some(&b'.');
        ends.iter().rev().find(fits).map(|end| (end - at, "<age>".to_owned()))
    })
}

fn mask_versions(text: &str) -> String {
    replace(text, &|bytes, at| {
        let key = ["resourceVersion\": ", "resourceVersion: "]
            .into_iter()
            .find(|key| bytes[at..].starts_with(key.as_bytes()))?;
        let mut end = at + key.len();
        end += usize::from(bytes.get(end) == Some(&b'"'));
        let number = digits(bytes, end);
        end += number;
        end += usize::from(bytes.get(end) == Some(&b'"'));
        (number > 0).then(|| (end - at, format!("{key}<rv>")))
    })
}

fn mask_slices(text: &str) -> String {
    replace(text, &|bytes, at| {
        let head = ["nginx-", "front-"].into_iter().find(|head| bytes[at..].starts_with(head.as_bytes()))?;
        let end = at + head.len() + 5;
        let tail = bytes.get(at + head.len()..end)?;
        let fits = tail.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        (fits && is_boundary(bytes, at) && is_boundary(bytes, end)).then(|| (end - at, format!("{head}<rand>")))
    })
}

fn mask_line(line: &str) -> String {
    let mut line = line.to_owned();
    for word in ["Container ID:", "Image ID:"] {
        if let Some(at) = line.find(word) {
            line.truncate(at + word.len());
        }
    }
    let text = line.trim_start_matches(' ');
    let indent = &line[..line.len() - text.len()];
    let mut out = indent.to_owned();
    let mut blanks = 0;
    for c in text.chars() {
        if c == ' ' {
            blanks += 1;
            if blanks > 2 {
                continue;
            }
        } else {
            blanks = 0;
        }
        out.push(c);
    }
    if text.trim().is_empty() { String::new() } else { out.trim_end().to_owned() }
}

/// Whether a line depends on how often somebody tried, or comes from what the recorded cluster stands in for.
fn is_left_out(line: &str) -> bool {
    const WORDS: [&str; 6] = [
        "FailedScheduling",
        "ExternalProvisioning",
        "  kubelet  ",
        "  kubelet, ",
        "Provisioning  ",
        "ProvisioningSucceeded",
    ];
    WORDS.iter().any(|word| line.contains(word)) && !line.starts_with('$')
}

/// An events table without rows says that there are none.
fn mask_empty_events(lines: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let is_table = lines[at].ends_with("Events:")
            && lines.get(at + 1).is_some_and(|line| line.starts_with("  Type") && line.contains("Reason"))
            && lines.get(at + 2).is_some_and(|line| line.starts_with("  -"));
        if is_table && !lines.get(at + 3).is_some_and(|line| line.starts_with("  ")) {
            out.push(format!("{}  <none>", lines[at]));
            at += 3;
        } else {
            out.push(lines[at].clone());
            at += 1;
        }
    }
    out
}

/// Masks a text.
// Follows `mask` of the recorder.
pub fn mask(text: &str) -> String {
    let mut text = mask_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "<uid>", false, false);
    text = mask_shape(&text, "9999-99-99T99:99:99Z", "<time>", true, false);
    text = mask_shape(&text, "9999-99-99 99:99:99.+ s9999", "<time>", false, false);
    for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] {
        // The letters of the day are no signs of a shape.
        text = replace(&text, &|bytes, at| {
            let rest = bytes[at..].starts_with(day.as_bytes()).then_some(at + 3)?;
            let length = shape(bytes, rest, ", 99 aaa 9999 99:99:99 s9999")?;
            is_boundary(bytes, at).then(|| (3 + length, "<time>".to_owned()))
        });
    }
    text = mask_shape(&text, "10.244.+.+", "<pod-ip>", true, false);
    text = mask_shape(&text, "10.96.+.+", "<cluster-ip>", true, false);
    for node in ["1", "2", "3"] {
        text = replace(&text, &|bytes, at| {
            let name = format!("node{node}");
            let fits = bytes[at..].starts_with(name.as_bytes()) && is_boundary(bytes, at) && is_boundary(bytes, at + 5);
            fits.then(|| (5, "<node>".to_owned()))
        });
    }
    text = mask_shape(&text, "192.168.0.9", "<node-ip>", false, false);
    text = mask_ages(&text);
    text = mask_versions(&text);
    text = mask_slices(&text);
    for zone in ["zone-a", "zone-b", "zone-c"] {
        text = replace(&text, &|bytes, at| {
            let fits = bytes[at..].starts_with(zone.as_bytes()) && is_boundary(bytes, at) && is_boundary(bytes, at + 6);
            fits.then(|| (6, "<zone>".to_owned()))
        });
    }
    for folder in ["LIVE", "MERGED"] {
        text = replace(&text, &|bytes, at| {
            let head = format!("/tmp/{folder}-");
            let number = bytes[at..].starts_with(head.as_bytes()).then(|| digits(bytes, at + head.len()))?;
            (number > 0).then(|| (head.len() + number, format!("{head}<n>")))
        });
    }
    text = replace(&text, &|bytes, at| {
        let number = bytes[at..].starts_with(b" (x").then(|| digits(bytes, at + 3))?;
        let tail = b" over <age>)";
        let fits = number > 0 && bytes[at + 3 + number..].starts_with(tail);
        fits.then(|| (3 + number + tail.len(), String::new()))
    });
    text = text.replace("ErrImagePull", "ImagePullBackOff");
    let lines: Vec<String> = text.split('\n').filter(|line| !is_left_out(line)).map(mask_line).collect();
    mask_empty_events(lines).join("\n")
}

/// Sorts the rows of tables of PersistentVolumes, whose names are random.
// Follows `sort_pv` of the recorder.
pub fn sort_volumes(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        out.push(lines[at]);
        at += 1;
        let header = out[out.len() - 1];
        if header.contains("RECLAIM POLICY") && header.contains("CLAIM  STORAGECLASS") {
            let rows = lines[at..].iter().take_while(|line| !line.trim().is_empty()).count();
            let mut sorted = lines[at..at + rows].to_vec();
            sorted.sort_unstable();
            out.extend(sorted);
            at += rows;
        }
    }
    out.join("\n")
}

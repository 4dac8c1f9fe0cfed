//! The code that puts a scenario into somebody else's page.

use super::xml;

/// Where the page is, and the scenario that is embedded.
pub struct Embed<'a> {
    /// The page's address, without what follows `?` or `#`.
    pub page: &'a str,
    /// The part after it: `#s=…`.
    pub hash: &'a str,
    /// What goes behind that in a figure, which shows it before its program has come: `&p=…`, or nothing.
    pub picture: &'a str,
    /// What it shows, in a sentence.
    pub title: &'a str,
}

impl Embed<'_> {
    /// The link.
    pub fn link(&self) -> String {
        [self.page, self.hash].concat()
    }

    /// A frame, for any page of HTML. It reaches nothing of the page around it.
    pub fn iframe(&self) -> String {
        format!(
            "<iframe src=\"{}?embed{}{}\" title=\"{}\" width=\"100%\" height=\"480\" loading=\"lazy\" \
             allow=\"clipboard-write; fullscreen\" sandbox=\"allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads\"></iframe>\n",
            xml(self.page),
            xml(self.hash),
            xml(self.picture),
            xml(self.title)
        )
    }

    /// The custom element, with a manifest for readers without scripts.
    pub fn element(&self, manifest: &str) -> String {
        let lines: Vec<String> = manifest.lines().map(xml).collect();
        format!(
            "<script type=\"module\" src=\"{}statefulscope-scenario.js\"></script>\n<statefulscope-scenario src=\"{}\" \
             label=\"{}\" style=\"display: block; height: 420px; overflow: auto\">\n<pre>\n{}\n</pre>\n</statefulscope-scenario>\n",
            xml(folder(self.page)),
            xml(&[self.page, self.hash, self.picture].concat()),
            xml(self.title),
            lines.join("\n")
        )
    }

    /// A picture that leads to the page, for Markdown. `picture` is the picture's file.
    pub fn markdown(&self, picture: &str) -> String {
        let mut title = String::new();
        for c in self.title.chars() {
            if c.is_ascii_punctuation() {
                title.push('\\');
            }
            title.push(if c.is_control() { ' ' } else { c });
        }
        format!("[![{title}]({picture})](<{}>)\n", self.link().replace(['<', '>', '\\', ' '], ""))
    }
}

/// The address of the folder that a page is in.
fn folder(page: &str) -> &str {
    page.rfind('/').map_or(page, |at| &page[..=at])
}

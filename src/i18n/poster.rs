//! What a figure says before its program is there. The build writes it into the page's script (`examples/gallery.rs`).

use super::Language;

/// What it says in a language, by the names that `ui/poster.js` has for it.
pub fn words(language: Language) -> [(&'static str, &'static str); 7] {
    let strings = language.strings();
    let [look, lost] = match language {
        Language::English => ["Look closer", "What shows this could not be loaded."],
        Language::Chinese => ["仔细看看", "用于显示此内容的程序加载失败。"],
    };
    [
        ("play", strings.play),
        ("begin", strings.story_begin),
        ("look", look),
        ("page", strings.open_full_page),
        ("loading", strings.loading),
        ("lost", lost),
        ("again", strings.try_again),
    ]
}

//! Light and dark.

use leptos::prelude::*;

use super::embed::Presentation;
use crate::embed::Parameters;

/// Which theme is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of the attribute that the style sheet looks at.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a name.
    pub fn of_name(name: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.name() == name)
    }

    /// The one after it.
    pub fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Auto,
        }
    }
}

/// Shows a theme.
pub fn show(theme: Theme) {
    if let Some(root) = document().document_element() {
        // Setting an attribute of the root element cannot fail.
        let _ = root.set_attribute("data-theme", theme.name());
    }
}

/// Shows the theme that the address asks for.
pub fn begin(presentation: Presentation) {
    show(Theme::of_name(presentation.get(Parameters::theme)).unwrap_or_default());
}

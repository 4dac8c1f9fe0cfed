//! Small pictures on buttons. Glyphs of a typeface would be missing on some systems.

use leptos::prelude::*;

/// Two bars.
pub const PAUSE: &str = "M5 3h4v14H5zM11 3h4v14h-4z";
/// A triangle.
pub const PLAY: &str = "M5 3l12 7-12 7z";
/// A triangle that runs against a bar.
pub const STEP: &str = "M3 3l10 7-10 7zM14 3h3v14h-3z";
/// A triangle that points back.
pub const BACKWARDS: &str = "M15 3 3 10l12 7z";
/// A triangle that runs back against a bar.
pub const STEP_BACK: &str = "M17 3 7 10l10 7zM3 3h3v14H3z";
/// Two triangles that run against a bar.
pub const TO_END: &str = "M2 4l7 6-7 6zM9 4l7 6-7 6zM16 4h2v12h-2z";
/// Two triangles that run back against a bar.
pub const TO_BEGINNING: &str = "M18 4l-7 6 7 6zM11 4l-7 6 7 6zM2 4h2v12H2z";
/// An arrow that turns back.
pub const UNDO: &str = "M7 2 2 7l5 5V8.5h5a3.75 3.75 0 0 1 0 7.5H6v2.5h6a6.25 6.25 0 0 0 0-12.5H7z";
/// An arrow that turns forward.
pub const REDO: &str = "M13 2l5 5-5 5V8.5H8A3.75 3.75 0 0 0 8 16h6v2.5H8A6.25 6.25 0 0 1 8 6h5z";
/// A cross.
pub const CLOSE: &str = "M4.5 3 10 8.5 15.5 3 17 4.5 11.5 10 17 15.5 15.5 17 10 11.5 4.5 17 3 15.5 8.5 10 3 4.5z";
/// An eye.
pub const EYE: &str = "M10 4c4 0 7 3 8.5 6-1.5 3-4.5 6-8.5 6S3 13 1.5 10C3 7 6 4 10 4zm0 1.8C7 5.8 4.9 7.7 3.5 10\
c1.4 2.3 3.5 4.2 6.5 4.2s5.1-1.9 6.5-4.2c-1.4-2.3-3.5-4.2-6.5-4.2zM10 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z";
/// A folder.
pub const FOLDER: &str = "M2 4h6l2 2h8v11H2zm1.8 4v7.2h12.4V8z";
/// An open book.
pub const BOOK: &str = "M2 3.5c3-.8 5.6-.5 8 1 2.4-1.5 5-1.8 8-1v12.6c-3-.8-5.6-.5-8 1-2.4-1.5-5-1.8-8-1zM3.7 4.9v9.4c2-.3 3.8 0 5.5.7V5.9\
c-1.7-.9-3.5-1.3-5.5-1zM16.3 4.9c-2-.3-3.8.1-5.5 1v9.1c1.7-.7 3.5-1 5.5-.7z";
/// A line that leaves another one.
pub const BRANCH: &str = "M5.3 6.9v6.2a2.3 2.3 0 1 1-1.6 0V6.9a2.3 2.3 0 1 1 1.6 0zM15.3 6.9c0 3.2-2.3 4.6-7 5.2v-1.7c3.6-.5 5.4-1.5 5.4-3.5\
a2.3 2.3 0 1 1 1.6 0z";
/// Three sliders.
pub const SLIDERS: &str = "M2 4h8v2H2zM15 4h3v2h-3zM11 2.5h3v5h-3zM2 9h3v2H2zM10 9h8v2h-8zM6 7.5h3v5H6zM2 14h8v2H2zM15 14h3v2h-3zM11 \
12.5h3v5h-3z";
/// Two links of a chain.
pub const LINK: &str = "M8.6 13.5 7 15.1A2.3 2.3 0 0 1 3.8 11.9L6.9 8.8A2.3 2.3 0 0 1 9.8 8.5L11 7.2A4 4 0 0 0 5.6 7.5L2.5 \
10.6A4.1 4.1 0 0 0 8.3 16.4L10.3 14.4ZM11.4 6.5 13 4.9A2.3 2.3 0 0 1 16.2 8.1L13.1 11.2A2.3 2.3 0 0 1 10.2 11.5L9 12.8A4 4 0 0 0 \
14.4 12.5L17.5 9.4A4.1 4.1 0 0 0 11.7 3.6L9.7 5.6Z";
/// An arrow out of a frame.
pub const OUTWARD: &str = "M11 3h6v6h-1.8V6.1L9.6 11.7 8.3 10.4 13.9 4.8H11zM3 5h5v1.8H4.8v8.4h8.4V12H15v5H3z";
/// A disc that is half filled.
pub const HALF: &str = "M10 2a8 8 0 1 0 0 16zM10 2v1.6a6.4 6.4 0 0 1 0 12.8V18a8 8 0 0 0 0-16z";
/// A sun.
pub const SUN: &str = "M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM9.2 1h1.6v3H9.2zM9.2 16h1.6v3H9.2zM1 9.2h3v1.6H1zM16 9.2h3v1.6h-3z\
M3.1 4.2l1.1-1.1 2.1 2.1-1.1 1.1zM13.7 14.8l1.1-1.1 2.1 2.1-1.1 1.1zM4.2 16.9l-1.1-1.1 2.1-2.1 1.1 1.1z\
M14.8 6.3l-1.1-1.1 2.1-2.1 1.1 1.1z";
/// A moon.
pub const MOON: &str = "M8 2a8 8 0 1 0 10 10A7 7 0 0 1 8 2z";

/// A picture of 20 by 20 units, in the colour of the text.
#[component]
pub fn Icon(
    /// Its outline, as an SVG path.
    #[prop(into)]
    path: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
            <path d=path />
        </svg>
    }
}

//! A cluster as a picture: nodes in fixed lanes, a column an ordinal.
//!
//! [`model::build`] says what there is, [`layout::place`] where it stands; neither knows a page.

pub mod layout;
pub mod model;

//! A cluster as a picture: nodes in fixed lanes, a column an ordinal.
//!
//! [`build::build`] says what there is, [`layout::place`] where it stands, [`scene::draw`] what it looks like; none knows a page.

pub mod build;
mod columns;
pub mod differ;
pub mod focus;
pub mod foresee;
pub mod layout;
pub mod miniature;
pub mod model;
pub mod scene;
pub mod table;

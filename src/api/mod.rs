//! What a Kubernetes object is: kinds, metadata, the table of types, decoding, and the values in fields.

pub mod base64;
pub mod decode;
pub mod defaults;
pub mod fields;
pub mod gates;
pub mod go_order;
pub mod image;
pub mod json;
pub mod json_scan;
pub mod kind;
pub mod managed;
pub mod meta;
pub mod object;
pub mod order;
pub mod patch;
pub mod path;
pub mod quantity;
pub mod schema;
pub mod selector;
pub mod selector_text;
pub mod shared;
pub mod status;
pub mod time;
pub mod validate;
pub mod warnings;

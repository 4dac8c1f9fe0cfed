//! What the page writes for other programs: the picture as SVG and as Mermaid, and the cluster as YAML. Names and
//! sentences that people wrote are escaped here, in whatever form they leave.

pub mod embed;
pub mod mermaid;
mod paint;
pub mod svg;
#[cfg(test)]
mod tests;

use crate::api::kind::Kind;
use crate::cluster::Cluster;
use crate::kubectl::output::yaml;

/// Everything that is in the cluster at this moment, as `kubectl get -o yaml` writes it, in documents of their own. What
/// only tells of other objects is left out, and what every cluster has for itself.
pub fn yaml(cluster: &Cluster) -> String {
    let mut out = String::new();
    for object in cluster.store().all() {
        let is_told = !matches!(object.kind, Kind::Event | Kind::Lease | Kind::Endpoints | Kind::EndpointSlice);
        if is_told && !object.meta.namespace.starts_with("kube-") {
            if !out.is_empty() {
                out.push_str("---\n");
            }
            out.push_str(&yaml::to_string(&object.to_value()));
        }
    }
    out
}

/// A text between the tags of XML, or in double quotes in one. What XML has no way to write is replaced.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

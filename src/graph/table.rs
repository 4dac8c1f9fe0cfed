//! The picture as tables: the same things, in rows.

use super::layout::fit;
use super::model::{ClaimView, Graph, NodeView, PodView, ServiceView, SetView, State};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::i18n::{Strings, fill};

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The object that it is about, where it is about one.
    pub object: Option<ObjectRef>,
    /// The heads of the columns.
    pub heads: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is of: the same as long as it stands for the same thing.
    pub key: String,
    /// The object of the row, which need not be there.
    pub object: ObjectRef,
    /// The cells after the first, which is the object's name.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The words.
    pub text: String,
    /// How what it is about fares.
    pub state: Option<State>,
    /// Another object that it leads to.
    pub object: Option<ObjectRef>,
}

fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), ..Cell::default() }
}

fn state(state: State, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), state: Some(state), object: None }
}

/// The tables of everything in the picture.
pub fn tables(graph: &Graph, strings: &Strings) -> Vec<Table> {
    let mut tables: Vec<Table> = graph.sets.iter().map(|set| of_set(set, strings)).collect();
    let row = |object: &ObjectRef, cells: Vec<Cell>| Row { key: object.to_string(), object: object.clone(), cells };
    let heads = |heads: &[&str]| heads.iter().map(|head| (*head).to_owned()).collect();
    let mut add = |title: &str, columns: &[&str], rows: Vec<Row>| {
        if !rows.is_empty() {
            tables.push(Table { title: title.to_owned(), object: None, heads: heads(columns), rows });
        }
    };
    let services = graph.sets.iter().flat_map(|set| set.service.iter().chain(&set.services)).chain(&graph.services);
    let of_service = |service: &ServiceView| {
        let address = service.cluster_ip.clone().unwrap_or_else(|| strings.headless.to_owned());
        row(&service.reference, vec![text(&service.dns_name), text(address), text(service.endpoints.join(" "))])
    };
    let mut services: Vec<Row> = services.map(of_service).collect();
    let missing = graph.sets.iter().filter(|set| set.service.is_none() && !set.service_name.is_empty());
    services.extend(missing.map(|set| {
        let service = ObjectRef::new(Kind::Service, set.reference.namespace.as_str(), set.service_name.as_str());
        let why = fill(strings.ghost_of, &[&set.reference.to_string()]);
        row(&service, vec![text(""), text(""), text(format!("{}, {why}", strings.not_there))])
    }));
    services.dedup_by(|a, b| a.key == b.key);
    add("Services", &["Service", "DNS", "IP", "Endpoints"], services);
    let budgets = graph.sets.iter().flat_map(|set| &set.budgets);
    let of_budget = |reference: &ObjectRef, allowed: i64| {
        row(reference, vec![text(fill(strings.disruptions, &[&allowed.to_string()]))])
    };
    let budgets = budgets.map(|budget| of_budget(&budget.reference, budget.allowed)).collect();
    add("PodDisruptionBudgets", &["PodDisruptionBudget", "Status"], budgets);
    let pods = graph.pods.iter().map(|pod| row(&pod.reference, pod_cells(pod))).collect();
    add("Pods", &["Pod", "Status", "Ready", strings.node, strings.address], pods);
    let claims =
        graph.claims.iter().map(|claim| row(&claim.reference, vec![claim_cell(claim, None), volume_cell(claim)]));
    add("PersistentVolumeClaims", &["PersistentVolumeClaim", "Status", "PersistentVolume"], claims.collect());
    let nodes =
        graph.nodes.iter().map(|node| row(&ObjectRef::new(Kind::Node, "", &*node.name), node_cells(node, strings)));
    add(strings.nodes, &["Node", "Status", strings.zone, strings.taint, "Pods"], nodes.collect());
    let classes = graph.classes.iter().map(|class| {
        let default = if class.is_default { "(default)" } else { "" };
        let down = match (class.missing, class.down) {
            (true, _) => strings.not_there,
            (_, true) => strings.down,
            _ => "",
        };
        let cells = vec![text(default), text(&class.provisioner), text(down), text(&class.reclaim_policy)];
        row(&ObjectRef::new(Kind::StorageClass, "", &*class.name), cells)
    });
    add(
        strings.classes,
        &["StorageClass", strings.do_default, "provisioner", "Status", "reclaimPolicy"],
        classes.collect(),
    );
    let ghosts = graph.ghosts.iter().map(|(object, of)| {
        let why = format!("{}, {}", strings.not_there, fill(strings.ghost_of, &[&of.to_string()]));
        row(object, vec![text(object.kind.name()), text(why)])
    });
    let others =
        graph.others.iter().map(|object| row(object, vec![text(object.kind.name()), text(strings.not_simulated)]));
    add(strings.beside, &[strings.name, strings.kind, "Status"], ghosts.chain(others).collect());
    tables
}

fn of_set(set: &SetView, strings: &Strings) -> Table {
    let ready = fill(strings.ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]);
    let mut heads: Vec<String> =
        ["Pod", "Status", "Ready", strings.node, strings.address, strings.revision].map(str::to_owned).into();
    let claims = set.columns.iter().map(|column| column.claims.len()).max().unwrap_or_default();
    for _ in 0..claims {
        heads.extend([strings.claim.to_owned(), strings.volume.to_owned()]);
    }
    let rows = set.columns.iter().map(|column| {
        let mut cells = match &column.pod {
            Some(pod) => {
                let mut cells = pod_cells(pod);
                let mark = if pod.outdated { format!(" ({})", strings.outdated) } else { String::new() };
                cells.push(text(format!("{}{mark}", pod.revision)));
                cells
            }
            None => {
                let why = if column.wanted { strings.no_pod } else { strings.not_wanted };
                let mut cells = vec![state(State::Absent, why)];
                cells.resize(5, Cell::default());
                cells
            }
        };
        if let Err(miss) = &column.address {
            cells[3].text = [cells[3].text.as_str(), strings.miss(*miss)].join(" ").trim().to_owned();
        }
        for claim in &column.claims {
            let kept = column.pod.is_none().then(|| fill(strings.claim_kept, &[&column.pod_ref.name]));
            cells.extend([claim_cell(claim, kept), volume_cell(claim)]);
        }
        Row {
            key: format!("{}/{}", column.pod_ref.namespace, column.pod_ref.name),
            object: column.pod_ref.clone(),
            cells,
        }
    });
    Table {
        title: format!("StatefulSet {}/{}, {ready}", set.reference.namespace, set.reference.name),
        object: Some(set.reference.clone()),
        heads,
        rows: rows.collect(),
    }
}

fn pod_cells(pod: &PodView) -> Vec<Cell> {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        state(pod.state, &pod.status),
        text(format!("{}/{}", pod.ready.0, pod.ready.1)),
        text(known(&pod.node)),
        text(known(&pod.address)),
    ]
}

fn claim_cell(claim: &ClaimView, kept: Option<String>) -> Cell {
    if claim.state == State::Absent {
        return state(State::Absent, "–");
    }
    let note = kept.unwrap_or_else(|| claim.phase.clone());
    Cell {
        text: format!("{}: {note}", claim.reference.name),
        state: Some(claim.state),
        object: Some(claim.reference.clone()),
    }
}

fn volume_cell(claim: &ClaimView) -> Cell {
    claim.volume.as_ref().map_or_else(
        || state(State::Absent, "–"),
        |volume| Cell {
            text: format!("{}: {}", fit(&volume.reference.name, 20.0, 1.0), volume.phase),
            state: Some(volume.state),
            object: Some(volume.reference.clone()),
        },
    )
}

fn node_cells(node: &NodeView, strings: &Strings) -> Vec<Cell> {
    let pods: usize = node.pods.iter().map(|(_, count)| count).sum();
    vec![
        state(node.state, node_words(node, strings)),
        text(&node.zone),
        text(node.taints.join(" ")),
        text(pods.to_string()),
    ]
}

/// How a node fares, in words.
pub fn node_words(node: &NodeView, strings: &Strings) -> String {
    let status = match node.state {
        State::Ready => "Ready",
        State::Unknown => "Unknown",
        _ => "NotReady",
    };
    let cordoned = if node.cordoned { "SchedulingDisabled" } else { "" };
    let down = if node.down { strings.down } else { "" };
    let words: Vec<&str> = [status, cordoned, down].into_iter().filter(|word| !word.is_empty()).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::time::Millis;
    use crate::cluster::config::Config;
    use crate::command::Command;
    use crate::graph::{build, layout, scene};
    use crate::i18n::Language;
    use crate::timeline::Timeline;

    #[test]
    fn the_tables_have_every_object_that_the_picture_has() {
        let mut timeline = Timeline::new(Config::default());
        timeline.dispatch(Command::Apply { manifest: include_str!("../../scenarios/web.yaml").to_owned() });
        timeline.advance(Millis::from_secs(60));
        let graph = build::build(timeline.cluster());
        let strings = Language::English.strings();
        let scene = scene::draw(&graph, layout::place(&graph, None), strings);
        let tables = tables(&graph, strings);
        let rows = tables.iter().flat_map(|table| &table.rows);
        let in_rows: Vec<&ObjectRef> =
            rows.flat_map(|row| row.cells.iter().filter_map(|c| c.object.as_ref()).chain([&row.object])).collect();
        let titles: Vec<&ObjectRef> = tables.iter().filter_map(|table| table.object.as_ref()).collect();
        let drawn: Vec<&ObjectRef> = scene.cards.iter().filter_map(|card| card.object.as_ref()).collect();
        assert!(drawn.len() >= 10, "{drawn:?}");
        for object in drawn {
            assert!(in_rows.contains(&object) || titles.contains(&object), "{object}");
        }
    }
}

//! The picture.

use std::sync::Arc;

use leptos::prelude::*;

use super::session::Session;
use crate::api::meta::ObjectRef;
use crate::graph::layout::{ColumnLayout, Rect, SetLayout, fit, size};
use crate::graph::model::{ClaimView, ClassView, Column, NodeView, PodView, SetView, State, VolumeView};
use crate::i18n::fill;

/// The width of a character of the names' typeface, at the size that cards use.
const MONO: f64 = 7.3;
/// The same for the small lines.
const SMALL: f64 = 5.9;

/// The sets with their columns, and around them what the cluster has.
#[component]
pub fn GraphView() -> impl IntoView {
    let session = Session::here();
    let sets = Memo::new(move |_| {
        session.graph.with(|graph| graph.sets.iter().map(|set| set.reference.clone()).collect::<Vec<_>>())
    });
    let view_box = move || session.layout.with(|layout| format!("-2 -2 {} {}", layout.width + 4.0, layout.height + 4.0));
    let width = move || session.layout.with(|layout| layout.width + 4.0);
    let height = move || session.layout.with(|layout| layout.height + 4.0);
    view! {
        <div class="graph" role="group" aria-label=move || session.strings().graph>
            <Surroundings />
            <div class="graph__scroll" tabindex="0" role="region" aria-label=move || session.strings().graph>
                <Show when=move || sets.read().is_empty()>
                    <div class="graph__empty">
                        <p class="graph__empty-title">{move || session.strings().empty_title}</p>
                        <p>{move || session.strings().empty_text}</p>
                    </div>
                </Show>
                <svg class="graph__svg" viewBox=view_box width=width height=height>
                    <For each=move || sets.get() key=Clone::clone let(reference)>
                        <SetCard reference />
                    </For>
                </svg>
            </div>
        </div>
    }
}

/// Nodes, storage classes, other Services, and what is not simulated.
#[component]
fn Surroundings() -> impl IntoView {
    let session = Session::here();
    let nodes = Memo::new(move |_| session.graph.with(|graph| graph.nodes.clone()));
    let classes = Memo::new(move |_| session.graph.with(|graph| graph.classes.clone()));
    let others = Memo::new(move |_| {
        session.graph.with(|graph| {
            graph.others.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
        })
    });
    view! {
        <div class="surroundings">
            <For each=move || nodes.get() key=|node| (node.name.clone(), node.pods) let(node)>
                <NodeChip node />
            </For>
            <For each=move || classes.get() key=|class| (class.name.clone(), class.is_default) let(class)>
                <ClassChip class />
            </For>
            <Show when=move || !others.read().is_empty()>
                <span class="chip chip--muted">
                    {move || fill(session.strings().also_present, &[&others.get()])}
                </span>
            </Show>
        </div>
    }
}

#[component]
fn NodeChip(
    /// The node.
    node: NodeView,
) -> impl IntoView {
    view! {
        <span class="chip" title=node.zone.clone()>
            <small>"Node"</small>
            <b>{node.name}</b>
            <span>{node.zone.clone()}</span>
            <span class="chip__count">{node.pods}</span>
        </span>
    }
}

#[component]
fn ClassChip(
    /// The class.
    class: ClassView,
) -> impl IntoView {
    view! {
        <span class="chip chip--class" title=class.provisioner.clone()>
            <small>"StorageClass"</small>
            <b>{class.name}</b>
            <span>{if class.is_default { "(default)" } else { "" }}</span>
        </span>
    }
}

#[component]
fn SetCard(
    /// Which set.
    reference: ObjectRef,
) -> impl IntoView {
    let session = Session::here();
    let at = {
        let reference = reference.clone();
        Memo::new(move |_| session.graph.with(|graph| graph.sets.iter().position(|set| set.reference == reference)))
    };
    let set: Memo<Option<Arc<SetView>>> =
        Memo::new(move |_| at.get().and_then(|at| session.graph.with(|graph| graph.sets.get(at).cloned().map(Arc::new))));
    let layout: Memo<SetLayout> = Memo::new(move |_| {
        at.get().and_then(|at| session.layout.with(|layout| layout.sets.get(at).cloned())).unwrap_or_default()
    });
    let ordinals = Memo::new(move |_| {
        set.with(|set| set.as_ref().map(|set| set.columns.iter().map(|c| c.ordinal).collect::<Vec<_>>()).unwrap_or_default())
    });
    let text = move |pick: fn(&SetView) -> String| move || set.with(|set| set.as_ref().map(|set| pick(set)).unwrap_or_default());
    let readiness = move || {
        set.with(|set| {
            set.as_ref()
                .map(|set| fill(session.strings().ready_of, &[&set.ready.to_string(), &set.replicas.to_string()]))
                .unwrap_or_default()
        })
    };
    let frame = move || layout.read().frame;
    view! {
        <g class="set">
            <rect
                class="set__frame"
                x=move || frame().x
                y=move || frame().y
                width=move || frame().width
                height=move || frame().height
                rx="16"
            />
            <g transform=move || format!("translate({} {})", frame().x + size::LANE_NAMES, frame().y)>
                <text class="set__kind" y="19">"StatefulSet"</text>
                <text class="set__name" y="38">
                    {text(|set| format!("{}/{}", set.reference.namespace, set.reference.name))}
                </text>
            </g>
            <g
                class="set__facts"
                transform=move || format!("translate({} {})", frame().x + frame().width - size::PADDING, frame().y)
            >
                <text class="set__ready" y="21" text-anchor="end">{readiness}</text>
                <text class="set__note" y="39" text-anchor="end">
                    {text(|set| {
                        let policy = if set.parallel { "Parallel" } else { "OrderedReady" };
                        if set.current_revision == set.update_revision {
                            format!("{policy} · {}", set.update_revision)
                        } else {
                            format!("{policy} · {} → {}", set.current_revision, set.update_revision)
                        }
                    })}
                </text>
            </g>
            <ServiceCard set layout />
            <g class="lanes" aria-hidden="true">
                {move || {
                    layout
                        .read()
                        .lanes()
                        .into_iter()
                        .map(|(kind, at)| {
                            let (x, y) = (frame().x + 19.0, at.y + at.height / 2.0);
                            view! {
                                <text text-anchor="middle" transform=format!("translate({x} {y}) rotate(-90)")>
                                    {kind}
                                </text>
                            }
                        })
                        .collect_view()
                }}
            </g>
            <For each=move || ordinals.get() key=|ordinal| *ordinal let(ordinal)>
                <ColumnCards set layout ordinal />
            </For>
        </g>
    }
}

fn place(rect: Rect) -> String {
    format!("translate({} {})", rect.x, rect.y)
}

#[component]
fn ServiceCard(
    /// The set.
    set: Memo<Option<Arc<SetView>>>,
    /// Where it stands.
    layout: Memo<SetLayout>,
) -> impl IntoView {
    let session = Session::here();
    let rect = move || layout.read().service;
    let service = Memo::new(move |_| set.with(|set| set.as_ref().and_then(|set| set.service.clone())));
    let name = Memo::new(move |_| set.with(|set| set.as_ref().map(|set| set.service_name.clone()).unwrap_or_default()));
    let missing = Memo::new(move |_| service.read().is_none());
    let line = move || match service.get() {
        Some(service) => fit(&service.dns_name, rect().width - 24.0, MONO),
        None => session.strings().service_missing.to_owned(),
    };
    let addresses = move || match service.get() {
        Some(service) if service.addresses.is_empty() => session.strings().no_address.to_owned(),
        Some(service) => fit(&service.addresses.join("  "), rect().width - 260.0, SMALL),
        None => String::new(),
    };
    let kind = move || match service.get() {
        Some(service) => match service.cluster_ip {
            Some(address) => format!("Service · {address}"),
            None => format!("Service · {}", session.strings().headless),
        },
        None => "Service".to_owned(),
    };
    let label = move || {
        let service = service.get();
        let dns_name = service.as_ref().map(|service| service.dns_name.clone()).unwrap_or_default();
        let addresses = service.map(|service| service.addresses.join(" ")).unwrap_or_default();
        format!("Service {}, {dns_name}, {addresses}", name.get())
    };
    view! {
        <g class="card service" class:card--missing=missing transform=move || place(rect()) role="img" aria-label=label>
            <rect class="card__box" width=move || rect().width height=move || rect().height rx="10" />
            <text class="card__kind" x="12" y="18">{kind}</text>
            <text class="card__name" x="12" y="36">{line}</text>
            <text class="card__small" x=move || rect().width - 12.0 y="18" text-anchor="end">{addresses}</text>
        </g>
    }
}

#[component]
fn ColumnCards(
    /// The set.
    set: Memo<Option<Arc<SetView>>>,
    /// Where it stands.
    layout: Memo<SetLayout>,
    /// Which ordinal.
    ordinal: i32,
) -> impl IntoView {
    let index = move || {
        set.with(|set| set.as_ref().and_then(|set| set.columns.iter().position(|column| column.ordinal == ordinal)))
    };
    let column: Memo<Option<Column>> = Memo::new(move |_| {
        let at = index()?;
        set.with(|set| set.as_ref().and_then(|set| set.columns.get(at).cloned()))
    });
    let places: Memo<ColumnLayout> =
        Memo::new(move |_| index().and_then(|at| layout.with(|layout| layout.columns.get(at).cloned())).unwrap_or_default());
    let service = Memo::new(move |_| layout.read().service);
    let claim_count = Memo::new(move |_| column.with(|column| column.as_ref().map_or(0, |column| column.claims.len())));
    let wanted = move || column.with(|column| column.as_ref().is_some_and(|column| column.wanted));
    view! {
        <g class="column" class:column--unwanted=move || !wanted()>
            <Edges column places service />
            <DnsCard column places />
            <PodCard column places />
            <For each=move || 0..claim_count.get() key=|at| *at let(at)>
                <ClaimCard column places at />
                <VolumeCard column places at />
            </For>
        </g>
    }
}

/// The lines between what refers to what: the Service to the names it answers for, a name to its pod, a pod to its
/// claims, a claim to its volume.
#[component]
fn Edges(
    /// The column.
    column: Memo<Option<Column>>,
    /// Where its things stand.
    places: Memo<ColumnLayout>,
    /// Where the Service stands.
    service: Memo<Rect>,
) -> impl IntoView {
    let paths = Memo::new(move |_| {
        let (places, service) = (places.get(), service.get());
        let mut out: Vec<(String, &'static str)> = Vec::new();
        column.with(|column| {
            let Some(column) = column else { return };
            let middle = places.dns.x + places.dns.width / 2.0;
            let down = |from: Rect, to: Rect| format!("M{middle} {}V{}", from.y + from.height, to.y);
            let strength = |solid: bool| if solid { "edge" } else { "edge edge--faint" };
            out.push((down(service, places.dns), strength(column.address.is_ok())));
            out.push((down(places.dns, places.pod), strength(column.address.is_ok())));
            let mut above = places.pod;
            for ((claim, claim_at), volume_at) in column.claims.iter().zip(&places.claims).zip(&places.volumes) {
                let pod_to_claim = column.pod.is_some() && claim.state != State::Absent;
                out.push((down(above, *claim_at), strength(pod_to_claim)));
                out.push((down(*claim_at, *volume_at), strength(claim.volume.is_some())));
                above = *volume_at;
            }
        });
        out
    });
    view! {
        <g aria-hidden="true">
            {move || paths.get().into_iter().map(|(d, class)| view! { <path class=class d=d /> }).collect_view()}
        </g>
    }
}

#[component]
fn DnsCard(
    /// The column.
    column: Memo<Option<Column>>,
    /// Where its things stand.
    places: Memo<ColumnLayout>,
) -> impl IntoView {
    let session = Session::here();
    let rect = move || places.read().dns;
    let name = Memo::new(move |_| column.with(|column| column.as_ref().map(|c| c.dns_name.clone()).unwrap_or_default()));
    // The Service's card has the rest of the name.
    let short_name = Memo::new(move |_| name.with(|name| name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")));
    let address = Memo::new(move |_| column.with(|column| column.as_ref().map(|column| column.address.clone())));
    let missing = move || address.with(|address| !matches!(address, Some(Ok(_))));
    let answer = move || match address.get() {
        Some(Ok(address)) => address,
        Some(Err(miss)) => session.strings().miss(miss).to_owned(),
        None => String::new(),
    };
    let label = move || format!("Name {}, {}", name.get(), answer());
    view! {
        <g class="card dns" class:card--missing=missing transform=move || place(rect()) role="img" aria-label=label>
            <title>{move || name.get()}</title>
            <rect class="card__box" width=move || rect().width height=move || rect().height rx="8" />
            <text class="card__name" x="12" y="17">{move || fit(&short_name.get(), rect().width - 20.0, MONO)}</text>
            <text class="card__answer" x="12" y="33">{move || fit(&answer(), rect().width - 20.0, SMALL)}</text>
        </g>
    }
}

#[component]
fn PodCard(
    /// The column.
    column: Memo<Option<Column>>,
    /// Where its things stand.
    places: Memo<ColumnLayout>,
) -> impl IntoView {
    let session = Session::here();
    let rect = move || places.read().pod;
    let name = Memo::new(move |_| column.with(|column| column.as_ref().map(|c| c.pod_name.clone()).unwrap_or_default()));
    let pod: Memo<Option<PodView>> = Memo::new(move |_| column.with(|column| column.as_ref().and_then(|c| c.pod.clone())));
    let reference = Memo::new(move |_| pod.with(|pod| pod.as_ref().map(|pod| pod.reference.clone())));
    let present = Memo::new(move |_| pod.read().is_some());
    let state = Memo::new(move |_| pod.with(|pod| pod.as_ref().map_or(State::Absent, |pod| pod.state)));
    let fact = move |pick: fn(&PodView) -> String| {
        Memo::new(move |_| pod.with(|pod| pod.as_ref().map(pick).unwrap_or_default()))
    };
    let status = fact(|pod| pod.status.clone());
    let ready = fact(|pod| format!("{}/{}", pod.ready.0, pod.ready.1));
    let place_line = fact(|pod| {
        [pod.node.as_deref(), pod.address.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    });
    let image = fact(|pod| pod.images.join(", "));
    let revision = fact(|pod| pod.revision.clone());
    let outdated = Memo::new(move |_| pod.with(|pod| pod.as_ref().is_some_and(|pod| pod.outdated)));
    let restarts = Memo::new(move |_| pod.with(|pod| pod.as_ref().map_or(0, |pod| pod.restarts)));
    let label = move || {
        if !present.get() {
            return format!("Pod {}, {}", name.get(), session.strings().no_pod);
        }
        let (status, ready, line, revision) = (status.get(), ready.get(), place_line.get(), revision.get());
        format!("Pod {}, {status}, {ready}, {line}, {} {revision}", name.get(), session.strings().revision)
    };
    let select = move || session.selected.set(reference.get_untracked());
    let is_selected = move || reference.read().is_some() && session.selected.read() == *reference.read();
    let on_key = move |event: web_sys::KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") && !event.repeat() {
            event.prevent_default();
            select();
        }
    };
    view! {
        <g
            class=move || format!("card pod state-{}", state.get().name())
            class:card--selected=is_selected
            class:pod--outdated=outdated
            transform=move || place(rect())
            role="button"
            tabindex=move || if present.get() { "0" } else { "-1" }
            aria-label=label
            on:click=move |_| select()
            on:keydown=on_key
        >
            <rect class="card__box" width=move || rect().width height=move || rect().height rx="10" />
            <Show when=move || present.get()>
                <rect class="pod__stripe" x="0" y="12" width="4" height=move || rect().height - 24.0 rx="2" />
            </Show>
            <text class="card__glyph" x="14" y="21" aria-hidden="true">{move || state.get().glyph()}</text>
            <text class="card__name" x="34" y="21">{move || fit(&name.get(), rect().width - 74.0, MONO)}</text>
            <Show
                when=move || present.get()
                fallback=move || view! { <text class="card__small" x="14" y="40">{session.strings().no_pod}</text> }
            >
                <text class="card__status" x="14" y="40">{move || status.get()}</text>
                <text class="card__small" x=move || rect().width - 12.0 y="21" text-anchor="end">
                    {move || {
                        let restarts = restarts.get();
                        if restarts > 0 { format!("↻{restarts}  {}", ready.get()) } else { ready.get() }
                    }}
                </text>
                <text class="card__small" x="14" y="56">
                    {move || fit(&place_line.get(), rect().width - 24.0, SMALL)}
                </text>
                <text class="card__small" x="14" y="71">
                    {move || fit(&image.get(), rect().width - 24.0, SMALL)}
                </text>
                <text class="card__hash" x="14" y=move || rect().height - 8.0>{move || revision.get()}</text>
                <ProgressBar pod rect=Signal::derive(rect) />
            </Show>
        </g>
    }
}

/// How far something is that takes time.
#[component]
fn ProgressBar(
    /// The pod.
    pod: Memo<Option<PodView>>,
    /// Where its card stands.
    #[prop(into)]
    rect: Signal<Rect>,
) -> impl IntoView {
    let session = Session::here();
    let progress = Memo::new(move |_| pod.with(|pod| pod.as_ref().and_then(|pod| pod.progress)));
    let share = move || {
        progress.get().map(|progress| {
            let whole = progress.until.since(progress.since).0.max(1) as f64;
            let done = session.now.get().since(progress.since).0 as f64;
            (done / whole).clamp(0.0, 1.0)
        })
    };
    view! {
        <Show when=move || progress.read().is_some()>
            <rect
                class="pod__progress"
                x="0"
                y=move || rect.get().height - 3.0
                width=move || rect.get().width * share().unwrap_or_default()
                height="3"
                rx="1.5"
            />
        </Show>
    }
}

#[component]
fn ClaimCard(
    /// The column.
    column: Memo<Option<Column>>,
    /// Where its things stand.
    places: Memo<ColumnLayout>,
    /// Which claim.
    at: usize,
) -> impl IntoView {
    let session = Session::here();
    let rect = move || places.read().claims.get(at).copied().unwrap_or_default();
    let claim: Memo<Option<ClaimView>> =
        Memo::new(move |_| column.with(|column| column.as_ref().and_then(|column| column.claims.get(at).cloned())));
    let kept_for = Memo::new(move |_| {
        column.with(|column| {
            let column = column.as_ref()?;
            let kept = column.pod.is_none() && column.claims.get(at)?.state != State::Absent;
            kept.then(|| column.pod_name.clone())
        })
    });
    let state = Memo::new(move |_| claim.with(|claim| claim.as_ref().map_or(State::Absent, |claim| claim.state)));
    let name = Memo::new(move |_| claim.with(|claim| claim.as_ref().map(|c| c.reference.name.clone()).unwrap_or_default()));
    let phase = Memo::new(move |_| claim.with(|claim| claim.as_ref().map(|c| c.phase.clone()).unwrap_or_default()));
    let line = move || {
        if let Some(pod) = kept_for.get() {
            return fill(session.strings().claim_kept, &[&pod]);
        }
        claim.with(|claim| match claim {
            Some(claim) if claim.state != State::Absent => {
                [claim.phase.as_str(), &claim.storage, &claim.class]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · ")
            }
            _ => session.strings().claim_missing.to_owned(),
        })
    };
    let label = move || format!("Claim {}, {}, {}", name.get(), phase.get(), line());
    view! {
        <g
            class=move || format!("card claim state-{}", state.get().name())
            transform=move || place(rect())
            role="img"
            aria-label=label
        >
            <title>{move || name.get()}</title>
            <rect class="card__box" width=move || rect().width height=move || rect().height rx="10" />
            <text class="card__glyph" x="14" y="20" aria-hidden="true">{move || state.get().glyph()}</text>
            <text class="card__name" x="34" y="20">{move || fit(&name.get(), rect().width - 44.0, MONO)}</text>
            <text class="card__small" x="14" y="38">{move || fit(&line(), rect().width - 24.0, SMALL)}</text>
        </g>
    }
}

#[component]
fn VolumeCard(
    /// The column.
    column: Memo<Option<Column>>,
    /// Where its things stand.
    places: Memo<ColumnLayout>,
    /// Which claim's volume.
    at: usize,
) -> impl IntoView {
    let session = Session::here();
    let rect = move || places.read().volumes.get(at).copied().unwrap_or_default();
    let volume: Memo<Option<VolumeView>> = Memo::new(move |_| {
        column.with(|column| column.as_ref().and_then(|column| column.claims.get(at)?.volume.clone()))
    });
    let state = Memo::new(move |_| volume.with(|volume| volume.as_ref().map_or(State::Absent, |volume| volume.state)));
    let name = Memo::new(move |_| volume.with(|v| v.as_ref().map(|v| v.reference.name.clone()).unwrap_or_default()));
    let line = move || {
        volume.with(|volume| match volume {
            Some(volume) => format!("{} · {} · {}", volume.phase, volume.capacity, volume.reclaim_policy),
            None => session.strings().no_volume.to_owned(),
        })
    };
    let title = move || {
        let name = name.get();
        if name.is_empty() { "PersistentVolume".to_owned() } else { name }
    };
    let label = move || format!("Volume {}, {}", name.get(), line());
    view! {
        <g
            class=move || format!("card volume state-{}", state.get().name())
            transform=move || place(rect())
            role="img"
            aria-label=label
        >
            <title>{title}</title>
            <rect class="card__box" width=move || rect().width height=move || rect().height rx="10" />
            <text class="card__glyph" x="14" y="20" aria-hidden="true">{move || state.get().glyph()}</text>
            <text class="card__name" x="34" y="20">{move || fit(&title(), rect().width - 44.0, MONO)}</text>
            <text class="card__small" x="14" y="38">{move || fit(&line(), rect().width - 24.0, SMALL)}</text>
        </g>
    }
}

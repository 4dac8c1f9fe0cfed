//! The picture as tables, with the same things to look at and to do.

use leptos::prelude::*;

use super::follow::follow;
use super::look::Look;
use super::session::Session;
use crate::api::meta::ObjectRef;
use crate::graph::table::{self, Cell, Row, Table};
use crate::i18n::fill;

/// How many rows a table has at first, and how many more it gets at a time.
const ROWS: usize = 50;

/// The tables.
#[component]
pub fn Tables() -> impl IntoView {
    let session = Session::here();
    let tables = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        let strings = session.strings();
        session.graph.with(|graph| follow(tables, &table::tables(graph, strings), key_of));
    });
    view! {
        <div class="tables" role="region" aria-label=move || session.strings().view_table tabindex="0">
            <For each=move || tables.get() key=|(key, _)| key.clone() let((_, table))>
                <TableView table />
            </For>
        </div>
    }
}

/// A set's title changes with what is ready, so it is known by its first words.
fn key_of(table: &Table) -> &str {
    table.title.split(',').next().unwrap_or_default()
}

#[component]
fn TableView(
    /// The table.
    table: ArcRwSignal<Table>,
) -> impl IntoView {
    let session = Session::here();
    let table = RwSignal::from(table);
    let shown = RwSignal::new(ROWS);
    let rows = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        let most = shown.get();
        table.with(|table| follow(rows, &table.rows[..table.rows.len().min(most)], |row: &Row| &row.key));
    });
    let more = move || table.with(|table| table.rows.len().saturating_sub(shown.get()).min(ROWS));
    let title = move || table.with(|table| table.title.clone());
    view! {
        <table class="table">
            <caption>
                {move || match table.read().object.clone() {
                    Some(object) => view! { <Open object text=Signal::derive(title) /> }.into_any(),
                    None => title().into_any(),
                }}
            </caption>
            <thead>
                <tr>
                    <th scope="col">{move || table.with(|table| table.heads[0].clone())}</th>
                    <th scope="col">{move || session.strings().actions}</th>
                    {move || table.with(|table| {
                        table.heads[1..].iter().map(|head| view! { <th scope="col">{head.clone()}</th> }).collect_view()
                    })}
                </tr>
            </thead>
            <tbody>
                <For each=move || rows.get() key=|(key, _)| key.clone() let((_, row))>
                    <RowView row />
                </For>
            </tbody>
        </table>
        <Show when=move || { more() > 0 }>
            <button class="button" on:click=move |_| shown.update(|shown| *shown += ROWS)>
                {move || fill(session.strings().more_rows, &[&more().to_string()])}
            </button>
        </Show>
    }
}

#[component]
fn RowView(
    /// The row.
    row: ArcRwSignal<Row>,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let object = row.with_untracked(|row| row.object.clone());
    let row = RwSignal::from(row);
    let of = object.clone();
    let is_selected = move || session.selected.with(|selected| selected.as_ref() == Some(&of));
    let of = object.clone();
    let is_lit = move || session.lit.with(|lit| lit.contains(&of));
    let name = object.name.clone();
    let label = move || fill(session.strings().actions_of, &[&name]);
    let id = format!("actions of {object}");
    let menu_of = object.clone();
    let open = move |event: web_sys::MouseEvent| {
        let button: web_sys::HtmlElement = event_target(&event);
        look.open_menu_below(Some(menu_of.clone()), &button);
    };
    let text = object.name.clone();
    view! {
        <tr class:is-selected=is_selected class:is-lit=is_lit>
            <th scope="row">
                <Open object text=Signal::derive(move || text.clone()) />
            </th>
            <td>
                <button id=id class="button button--quiet table__menu" aria-haspopup="menu" aria-label=label on:click=open>
                    "⋯"
                </button>
            </td>
            {move || row.with(|row| row.cells.iter().map(cell).collect_view())}
        </tr>
    }
}

fn cell(cell: &Cell) -> impl IntoView + use<> {
    let Cell { text, state, object } = cell.clone();
    let glyph = state.map(|state| view! { <i aria-hidden="true">{state.glyph()}</i> });
    let inside = match object {
        Some(object) => view! { <Open object text=Signal::derive(move || text.clone()) /> }.into_any(),
        None => text.into_any(),
    };
    view! { <td class=state.map(|state| format!("table__state state-{}", state.name()))>{glyph} {inside}</td> }
}

/// A button that selects an object.
#[component]
fn Open(
    /// The object.
    object: ObjectRef,
    /// What is written on it.
    text: Signal<String>,
) -> impl IntoView {
    let session = Session::here();
    let look = Look::here();
    let object = StoredValue::new(object);
    let select = move |_| look.select(session, Some(object.get_value()));
    let on_menu = move |event: web_sys::MouseEvent| look.open_menu_at(Some(object.get_value()), &event);
    let on_key = move |event: web_sys::KeyboardEvent| look.open_menu_by_key(object.get_value(), &event);
    view! {
        <button class="table__name" on:click=select on:keydown=on_key on:contextmenu=on_menu>
            {text}
        </button>
    }
}

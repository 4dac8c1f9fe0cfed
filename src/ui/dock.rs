//! Below the picture: what happened, and the terminals. Each can be shown beside the others.

use leptos::prelude::*;

use super::log::Log;
use super::session::Session;
use super::terminal::TerminalPanel;
use crate::i18n::fill;
use crate::workbench::TERMINALS;

/// What is shown in the dock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What happened.
    pub log: bool,
    /// The terminals that were opened, and whether each is shown.
    pub terminals: Vec<bool>,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown { log: true, terminals: vec![false] }
    }
}

impl Shown {
    /// Shows a terminal, and opens those before it.
    pub fn show(&mut self, number: usize) {
        while self.terminals.len() <= number {
            self.terminals.push(false);
        }
        self.terminals[number] = true;
    }
}

/// The dock.
#[component]
pub fn Dock() -> impl IntoView {
    let session = Session::here();
    let shown = session.shown;
    let numbers = Memo::new(move |_| shown.with(|shown| (0..shown.terminals.len()).collect::<Vec<_>>()));
    let is_shown = move |number: usize| shown.with(|shown| shown.terminals.get(number) == Some(&true));
    let toggle = move |number: usize| shown.update(|shown| shown.terminals[number] = !shown.terminals[number]);
    let open = move |_| shown.update(|shown| shown.show(shown.terminals.len()));
    view! {
        <div class="dock">
            <div class="dock__tabs" role="group" aria-label=move || session.strings().dock>
                <button
                    class="dock__tab"
                    aria-pressed=move || shown.read().log.to_string()
                    on:click=move |_| shown.update(|shown| shown.log = !shown.log)
                >
                    {move || session.strings().log}
                </button>
                <For each=move || numbers.get() key=|number| *number let(number)>
                    <button
                        class="dock__tab"
                        aria-pressed=move || is_shown(number).to_string()
                        on:click=move |_| toggle(number)
                    >
                        {move || fill(session.strings().terminal, &[&(number + 1).to_string()])}
                    </button>
                </For>
                <Show when=move || { numbers.read().len() < TERMINALS }>
                    <button
                        class="dock__tab"
                        aria-label=move || session.strings().new_terminal
                        title=move || session.strings().new_terminal
                        on:click=open
                    >
                        "+"
                    </button>
                </Show>
            </div>
            <div class="dock__panels">
                <Show when=move || shown.read().log>
                    <Log />
                </Show>
                <For each=move || numbers.get() key=|number| *number let(number)>
                    <Show when=move || is_shown(number)>
                        <TerminalPanel number />
                    </Show>
                </For>
            </div>
        </div>
    }
}

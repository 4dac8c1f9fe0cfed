//! The bar at the top.

use leptos::prelude::*;

use super::browser;
use super::documents::{DocumentMenu, Share};
use super::embed::Presentation;
use super::gallery::GalleryButton;
use super::icon::{self, Icon};
use super::session::Session;
use super::settings::Settings;
use super::theme::{self, Theme};
use crate::embed::Parameters;
use crate::i18n::Language;

/// The name of the page, and what concerns all of it.
#[component]
pub fn Header() -> impl IntoView {
    let session = Session::here();
    let theme_signal = RwSignal::new(Theme::of_name(Presentation::here().get(Parameters::theme)).unwrap_or_default());
    Effect::new(move |_| theme::show(theme_signal.get()));
    let theme_label = move || {
        let strings = session.strings();
        match theme_signal.get() {
            Theme::Auto => strings.theme_auto,
            Theme::Light => strings.theme_light,
            Theme::Dark => strings.theme_dark,
        }
    };
    let theme_icon = move || match theme_signal.get() {
        Theme::Auto => icon::HALF,
        Theme::Light => icon::SUN,
        Theme::Dark => icon::MOON,
    };
    let other = move || match session.language.get() {
        Language::English => Language::Chinese,
        Language::Chinese => Language::English,
    };
    let switch_language = move |_| {
        session.language.set(other());
        browser::save_language(session.language.get_untracked().tag());
    };
    view! {
        <header class="header">
            <svg class="header__mark" viewBox="0 0 32 32" aria-hidden="true">
                <rect x="4" y="4" width="24" height="6" rx="3" />
                <rect x="4" y="13" width="24" height="6" rx="3" opacity=".7" />
                <rect x="4" y="22" width="24" height="6" rx="3" opacity=".4" />
            </svg>
            <h1 class="header__name">"Statefulscope"</h1>
            <p class="header__tagline">{move || session.strings().tagline}</p>
            <span class="header__version">"Kubernetes v1.37.2"</span>
            <DocumentMenu />
            <GalleryButton />
            <Settings />
            <button
                class="button button--quiet"
                lang=move || other().tag()
                title=move || session.strings().switch_language
                on:click=switch_language
            >
                <span class="header__icon">{move || if other() == Language::English { "EN" } else { "中" }}</span>
                <span class="header__word">{move || if other() == Language::English { "English" } else { "中文" }}</span>
            </button>
            <button
                class="button button--quiet"
                aria-label=theme_label
                title=theme_label
                on:click=move |_| theme_signal.update(|theme| *theme = theme.next())
            >
                <Icon path=Signal::derive(theme_icon) />
            </button>
            <Share />
        </header>
    }
}

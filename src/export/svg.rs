//! The picture as a file of SVG that stands alone: no style sheet, no font, no script, nothing that it would load.

use std::fmt::Write;

pub use super::paint::Colors;
use super::paint::{Frame, Paint};
use super::xml;
use crate::api::time::Instant;
use crate::graph::differ;
use crate::graph::layout::{self, Rect};
use crate::graph::model::Graph;
use crate::graph::scene::{self, Card, Edge, Line, Ring, Scene, Strip};
use crate::i18n::Strings;

/// The space around the picture.
const MARGIN: f64 = 16.0;
/// The height of the line below it.
const FOOT: f64 = 30.0;
/// How small a picture may be at least, so that the line below it has room.
const LEAST: (f64, f64) = (420.0, 72.0);
/// The radius of a ring.
const RADIUS: f64 = 10.0;

/// The space between two clusters that are compared, and the height of their names.
const GAP: f64 = 32.0;
const HEAD: f64 = 28.0;

/// What is drawn, and how.
pub struct View<'a> {
    /// The cluster.
    pub graph: &'a Graph,
    /// The one that it is compared with, and what that is called.
    pub beside: Option<(&'a Graph, &'a str)>,
    /// Whether pods have the colours of their nodes.
    pub tints: bool,
    /// Its colours.
    pub colors: Colors,
    /// What stands below the picture; nothing where it is empty.
    pub caption: &'a str,
}

/// The picture.
pub fn svg(view: &View<'_>, strings: &Strings) -> String {
    let draw = |graph: &Graph| scene::draw(graph, layout::place(graph, None), strings);
    let graphs = [Some(view.graph), view.beside.map(|(graph, _)| graph)];
    let mut scenes: Vec<Scene> = graphs.into_iter().flatten().map(draw).collect();
    if let [first, beside] = &mut scenes[..] {
        differ::mark_both(first, beside, strings);
    }
    let head = if view.beside.is_some() { HEAD } else { 0.0 };
    let inner: f64 = scenes.iter().map(|scene| scene.width + GAP).sum::<f64>() - GAP;
    let highest = scenes.iter().map(|scene| scene.height).fold(LEAST.1, f64::max);
    let foot = if view.caption.is_empty() { 0.0 } else { FOOT };
    let (width, height) = (inner.max(LEAST.0) + 2.0 * MARGIN, head + highest + 2.0 * MARGIN + foot);
    let paint = Paint { colors: view.colors, tints: view.tints };
    let [sans, _] = paint.fonts();
    let mut pen = Pen { paint, out: String::new() };
    let cards = scenes.iter().flat_map(|scene| &scene.cards);
    let labels = cards.filter(|card| !card.label.is_empty()).map(|card| card.label.as_str());
    let told: Vec<&str> = labels.take(MOST_TOLD).collect();
    pen.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" role=\"img\" font-family=\"{sans}\">\n<title>{}</title>\n<desc>{}</desc>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        xml(view.caption),
        xml(&told.join("; ")),
        paint.color("surface"),
    ));
    let names = [strings.compare_first, view.beside.map_or("", |(_, name)| name)];
    let mut x = MARGIN;
    for (scene, name) in scenes.iter().zip(names) {
        if head > 0.0 {
            let color = paint.color("text");
            pen.put(format_args!(
                "<text x=\"{x}\" y=\"{}\" font-size=\"13\" font-weight=\"650\" fill=\"{color}\">{}</text>\n",
                MARGIN + 12.0,
                xml(name)
            ));
        }
        pen.put(format_args!("<g transform=\"translate({x} {})\">\n", MARGIN + head));
        pen.scene(scene, view.graph.now, strings);
        pen.put(format_args!("</g>\n"));
        x += scene.width + GAP;
    }
    if foot > 0.0 {
        pen.put(format_args!(
            "<text x=\"{MARGIN}\" y=\"{}\" font-size=\"11.5\" fill=\"{}\">{}</text>\n",
            height - 14.0,
            paint.color("text-quiet"),
            xml(view.caption),
        ));
    }
    pen.put(format_args!("</svg>\n"));
    pen.out
}

/// The width and height of such a picture.
pub fn size(svg: &str) -> (f64, f64) {
    let of = |name: &str| svg.split_once(name).and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
    (of(" width=\"").unwrap_or(LEAST.0), of(" height=\"").unwrap_or(LEAST.1))
}

/// How many cards are told in words, to those who do not see the picture.
const MOST_TOLD: usize = 60;

struct Pen {
    paint: Paint,
    out: String,
}

impl Pen {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a text cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn scene(&mut self, scene: &Scene, now: Instant, strings: &Strings) {
        if scene.cards.is_empty() {
            let (x, color) = (LEAST.0 / 2.0, self.paint.color("text-quiet"));
            self.put(format_args!(
                "<text x=\"{x}\" y=\"42\" text-anchor=\"middle\" font-size=\"15\" fill=\"{color}\">{}</text>\n",
                xml(strings.empty_title)
            ));
        }
        scene.cards.iter().for_each(|card| self.card(card));
        scene.edges.iter().for_each(|edge| self.edge(edge));
        scene.rings.iter().for_each(|ring| self.ring(ring, now));
    }

    fn card(&mut self, card: &Card) {
        let Rect { x, y, width, height } = card.place;
        if card.class == "partition" {
            let color = self.paint.color("accent");
            self.put(format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{height}\" rx=\"1\" fill=\"{color}\"/>\n"
            ));
            return;
        }
        let opacity = if card.class.contains("pod--unwanted") { " opacity=\".85\"" } else { "" };
        self.put(format_args!("<g transform=\"translate({x} {y})\"{opacity}>"));
        if let Some(frame) = self.paint.frame(&card.class) {
            self.put(format_args!("<rect width=\"{width}\" height=\"{height}\" rx=\"10\"{}/>", drawn(&frame)));
        }
        if card.stripe {
            let (color, height) = (self.paint.state(&card.class), height - 24.0);
            let look = if card.class.contains("pod--outdated") {
                format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"3\" stroke-dasharray=\"4 3\"")
            } else {
                format!("fill=\"{color}\"")
            };
            self.put(format_args!("<rect y=\"12\" width=\"4\" height=\"{height}\" rx=\"2\" {look}/>"));
        }
        if let Some(strip) = &card.strip {
            self.strip(strip);
        }
        card.lines.iter().filter(|line| !line.text.is_empty()).for_each(|line| self.line(line, &card.class));
        self.put(format_args!("</g>\n"));
    }

    fn line(&mut self, line: &Line, card: &str) {
        let Line { x, y, class, ends, text } = line;
        let words = self.paint.words(class, card);
        let mut more = words.more.to_owned();
        if *ends {
            more.push_str(" text-anchor=\"end\"");
        }
        if *class == "lane" {
            more.push_str(&format!(" transform=\"rotate(-90 {x} {y})\" letter-spacing=\".06em\""));
        }
        if card.contains("state-absent") {
            more.push_str(" opacity=\".75\"");
        }
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" fill=\"{}\" font-family=\"{}\" font-size=\"{}\" font-weight=\"{}\" {more}>{}</text>",
            words.color,
            words.font,
            words.size,
            words.weight,
            xml(text)
        ));
    }

    fn strip(&mut self, strip: &Strip) {
        for (class, path) in &strip.shapes {
            if let Some(frame) = self.paint.tile(class) {
                self.put(format_args!("<path d=\"{path}\"{}/>", drawn(&frame)));
            }
        }
        for (class, y, places, text) in &strip.signs {
            let words = self.paint.words(class, "");
            self.put(format_args!(
                "<text x=\"{}\" y=\"{y}\" fill=\"{}\" font-size=\"{}\" {}>{}</text>",
                places.trim_end(),
                words.color,
                words.size,
                words.more,
                xml(text)
            ));
        }
    }

    fn edge(&mut self, edge: &Edge) {
        let ((x, y), (to_x, to_y)) = (edge.from, edge.to);
        let faint = if edge.faint { " stroke-dasharray=\"2 4\" opacity=\".6\"" } else { "" };
        let color = self.paint.color("line-strong");
        self.put(format_args!(
            "<path d=\"M{x} {y}L{to_x} {to_y}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"{faint}/>\n"
        ));
    }

    fn ring(&mut self, ring: &Ring, now: Instant) {
        let Ring { x, y, timer, state, .. } = ring;
        let (line, color) = (self.paint.color("line"), self.paint.color(&["state-", state.name()].concat()));
        let around = 2.0 * std::f64::consts::PI * RADIUS;
        let part = timer.share(now) * around;
        self.put(format_args!(
            "<g transform=\"translate({x} {y}) rotate(-90)\" fill=\"none\" stroke-width=\"2.5\">\
             <circle r=\"{RADIUS}\" stroke=\"{line}\"/><circle r=\"{RADIUS}\" stroke=\"{color}\" \
             stroke-linecap=\"round\" stroke-dasharray=\"{part:.1} {around:.1}\"/></g>\n"
        ));
    }
}

/// The attributes of a frame.
fn drawn(frame: &Frame) -> String {
    let Frame { fill, stroke, width, dash } = frame;
    let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    if stroke == "none" {
        return format!(" fill=\"{fill}\"");
    }
    format!(" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dash}")
}

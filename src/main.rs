//! Mounts the page in the place of its frame in `index.html`.

fn main() {
    statefulscope::ui::expect_rest();
    statefulscope::ui::report_panics();
    statefulscope::ui::mount();
}

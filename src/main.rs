//! Mounts the page in the place of its frame in `index.html`.

fn main() {
    console_error_panic_hook::set_once();
    statefulscope::ui::expect_rest();
    statefulscope::ui::mount();
}

use statefulscope::api::kind::Kind;
use statefulscope::api::object::Object;
use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::kubectl::printers::table::{Options, TablePrinter};
use statefulscope::kubectl::printers::tabwriter::TabWriter;
use statefulscope::kubectl::{describe, printers};
use std::sync::Arc;
#[test]
fn objs() {
    let text = std::fs::read_to_string("/tmp/k2objs.json").unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut cluster = Cluster::new(Config::default());
    cluster.run_until(Instant::START + Millis::from_secs(40_000_000));
    for v in list["items"].as_array().unwrap() {
        let kind = Kind::of_manifest(v["apiVersion"].as_str().unwrap(), v["kind"].as_str().unwrap()).unwrap();
        let mut v = v.clone();
        v["metadata"].as_object_mut().unwrap().remove("managedFields");
        let o = Arc::new(Object::from_value(kind, v));
        println!("### {} {}", kind.group_resource(), o.meta.name);
        let mut p = TablePrinter::new(Options { wide: true, ..Options::default() });
        let t = printers::object_table(&o, cluster.now());
        print!("{}", TabWriter::for_tables().write(&p.lines(&t, "")));
        println!("--- describe");
        print!("{}", describe::describe(&cluster, &o, false));
    }
    println!("### end");
}

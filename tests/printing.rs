//! What kubectl prints about a cluster in which a StatefulSet runs.

use statefulscope::api::time::{Instant, Millis};
use statefulscope::cluster::Cluster;
use statefulscope::cluster::config::Config;
use statefulscope::command::Command;
use statefulscope::kubectl;
use statefulscope::kubectl::context::{Context, Kubeconfig, Output};

const WEB: &str = include_str!("../scenarios/basics/web.yaml");

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Config::default());
    let answer = cluster.execute(&Command::Apply { manifest: WEB.to_owned() });
    assert!(!answer.is_refused(), "{answer:?}");
    cluster.run_until(Instant::START + Millis::from_secs(60));
    cluster
}

/// Runs a line whose words have blanks between them, or stand in single quotes.
fn run(cluster: &mut Cluster, line: &str) -> (String, String, i32) {
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            let last: &mut String = words.last_mut().expect("a quote follows a word");
            last.push_str(part);
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
            if part.ends_with(' ') {
                words.push(String::new());
            }
        }
    }
    words.retain(|word| !word.is_empty());
    let mut out = Output::default();
    let mut config = Kubeconfig::default();
    let mut disks = statefulscope::disks::Disks::default();
    let mut context = Context {
        cluster,
        config: &mut config,
        files: &(),
        disks: &mut disks,
        writes: &[],
        replay: |_, _, _, _, _| Vec::new(),
        stdin: None,
        out: &mut out,
        saves: Vec::new(),
        wait: None,
    };
    let code = kubectl::run(&mut context, &words);
    (out.stream(false), out.stream(true), code)
}

fn printed(cluster: &mut Cluster, line: &str) -> String {
    let (out, errors, code) = run(cluster, line);
    assert_eq!((errors.as_str(), code), ("", 0), "{line}");
    out
}

#[test]
fn tables_have_kubectls_columns_and_widths() {
    let mut cluster = cluster();
    let pods = "NAME    READY   STATUS    RESTARTS   AGE   IP           NODE    NOMINATED NODE   READINESS GATES\n\
                web-0   1/1     Running   0          59s   10.244.1.2   node1   <none>           <none>\n";
    assert!(printed(&mut cluster, "get pods -o wide").starts_with(pods));
    let set = "NAME   READY   AGE   CONTAINERS   IMAGES\n\
               web    2/2     59s   nginx        registry.k8s.io/nginx-slim:0.21\n";
    assert_eq!(printed(&mut cluster, "get sts web -owide"), set);
    let several = printed(&mut cluster, "get sts,svc");
    let expected = "NAME                   READY   AGE\nstatefulset.apps/web   2/2     59s\n\n\
                    NAME                 TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\n\
                    service/kubernetes   ClusterIP   10.96.0.1    <none>        443/TCP   60s\n\
                    service/nginx        ClusterIP   None         <none>        80/TCP    59s\n";
    assert_eq!(several, expected);
    assert_eq!(
        printed(&mut cluster, "get pods --no-headers").lines().next(),
        Some("web-0   1/1   Running   0     59s")
    );
    let labels = printed(&mut cluster, "get pods -A -L app,apps.kubernetes.io/pod-index");
    assert!(
        labels.starts_with("NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE   APP     POD-INDEX\n"),
        "{labels}"
    );
    let classes = printed(&mut cluster, "get sc");
    assert!(classes.contains("nfs-storage (default)   fuseim.pri/ifs"), "{classes}");
    assert!(!printed(&mut cluster, "get sc nfs-storage").contains("(default)"));
}

#[test]
fn objects_are_printed_in_every_format() {
    let mut cluster = cluster();
    assert_eq!(printed(&mut cluster, "get pods -o name"), "pod/web-0\npod/web-1\n");
    assert_eq!(printed(&mut cluster, "get pods -o jsonpath={.items[*].metadata.name}"), "web-0 web-1");
    let columns = "get pods -o custom-columns=N:.metadata.name,X:.spec.x";
    assert_eq!(printed(&mut cluster, columns), "N       X\nweb-0   <none>\nweb-1   <none>\n");
    let template = "get pod web-1 --template '{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}'";
    assert_eq!(printed(&mut cluster, template), "registry.k8s.io/nginx-slim:0.21");
    let sorted = "get pods --sort-by=.metadata.creationTimestamp -o jsonpath={.items[0].metadata.name}";
    assert_eq!(printed(&mut cluster, sorted), "web-0");
    let yaml = printed(&mut cluster, "get svc nginx -o yaml");
    assert!(yaml.contains("\n  ports:\n  - name: web\n    port: 80\n    protocol: TCP\n"), "{yaml}");
    let json = printed(&mut cluster, "get svc nginx -o json");
    assert!(json.ends_with("    \"status\": {\n        \"loadBalancer\": {}\n    }\n}\n"), "{json}");
    assert!(printed(&mut cluster, "get secrets -o yaml").starts_with("apiVersion: v1\nitems: []\nkind: List\n"));
}

#[test]
fn what_is_not_there_is_said_as_kubectl_says_it() {
    let mut cluster = cluster();
    let cases = [
        ("get pods -n nosuch", "No resources found in nosuch namespace.\n", 0),
        ("get secrets,ingressclasses", "No resources found\n", 0),
        ("get pods web-9 --ignore-not-found", "", 0),
        ("get pods web-9", "Error from server (NotFound): pods \"web-9\" not found\n", 1),
        ("get pods --sort-by=.a.b", "No resources found in default namespace.\n", 0),
        (
            "get pods,svc --sort-by=.a.b",
            "error: couldn't find any field with path \"{.a.b}\" in the list of objects\n",
            1,
        ),
        (
            "get bindings",
            "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource\n",
            1,
        ),
        ("events --types=Odd", "error: valid --types are Normal or Warning\n", 1),
        ("events -n nosuch", "No events found in nosuch namespace.\n", 0),
        ("explain foo", "the server doesn't have a resource type \"foo\"\n", 1),
        ("api-resources --sort-by=x", "error: --sort-by accepts only name or kind\n", 1),
        ("get pods --show-labels -o yaml", "error: --show-labels option cannot be used with yaml printer\n", 1),
        ("get pods -o jsonpath", "error: template format specified but no template given\n", 1),
        ("get pods -o jsonpath={.a", "error: error parsing jsonpath {.a, unclosed action\n", 1),
        (
            "get pods -o custom-columns=A",
            "error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>\n",
            1,
        ),
    ];
    for (line, errors, code) in cases {
        assert_eq!(run(&mut cluster, line), (String::new(), errors.to_owned(), code), "{line}");
    }
    let (out, errors, code) = run(&mut cluster, "get pods web-0 web-9");
    assert!(out.contains("web-0   1/1") && errors.contains("\"web-9\" not found") && code == 1);
    let (_, errors, _) = run(&mut cluster, "get pods -o jsonpath={.items[7]}");
    assert!(errors.contains("array index out of bounds: index 7, length 2"), "{errors}");
}

#[test]
fn descriptions_stand_in_columns() {
    let mut cluster = cluster();
    let set = printed(&mut cluster, "describe sts web");
    let head = "Name:                   web\n\
                Namespace:              default\n\
                CreationTimestamp:      Thu, 01 Jan 2026 00:00:01 +0000\n\
                Selector:               app=nginx\n\
                Labels:                 <none>\n\
                Annotations:            <none>\n\
                Service Name:           nginx\n\
                Pod Management Policy:  OrderedReady\n\
                Replicas:               2 desired | 2 total\n\
                Update Strategy:        RollingUpdate\n  \
                  Partition:            0\n  \
                  MaxUnavailable:       1\n\
                Persistent Volume Claim Retention Policy:\n  \
                  WhenDeleted:  Retain\n  \
                  WhenScaled:   Retain\n\
                Pods Status:    2 Running / 0 Waiting / 0 Succeeded / 0 Failed\n\
                Pod Template:\n";
    assert!(set.starts_with(head), "{set}");
    let event =
        "  Normal  SuccessfulCreate  57s   statefulset-controller  Create Pod web-1 in StatefulSet web successful\n";
    assert!(set.ends_with(event), "{set}");
    let service = printed(&mut cluster, "describe svc nginx");
    assert!(service.contains("Endpoints:                10.244.1.2:80,10.244.2.2:80\n"), "{service}");
    let pod = printed(&mut cluster, "describe pod web-0");
    for line in [
        "Labels:       app=nginx\n              apps.kubernetes.io/pod-index=0\n",
        "    State:          Running\n      Started:      Thu, 01 Jan 2026 00:00:03 +0000\n",
        "    Mounts:\n      /usr/share/nginx/html from www (rw)\n",
        "Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\n",
    ] {
        assert!(pod.contains(line), "{line}\n{pod}");
    }
    let node = printed(&mut cluster, "describe node node1");
    let row = "  default                     web-0    0 (0%)        0 (0%)      0 (0%)           0 (0%)         59s\n";
    assert!(node.contains(row), "{node}");
    let revision = printed(&mut cluster, "describe controllerrevision");
    assert!(revision.contains("    Block Owner Deletion:  true\n"), "{revision}");
}

#[test]
fn several_objects_are_described_without_their_events() {
    let mut cluster = cluster();
    let both = printed(&mut cluster, "describe pods");
    assert!(both.contains("\n\n\nName:         web-1\n") && !both.contains("Events:"), "{both}");
    assert!(printed(&mut cluster, "describe pods --show-events").contains("Events:"));
    assert!(printed(&mut cluster, "describe pod web-").contains("Name:         web-1\n"));
    let missing = "Error from server (NotFound): pods \"x\" not found\n";
    assert_eq!(run(&mut cluster, "describe pod x"), (String::new(), missing.to_owned(), 1));
}

#[test]
fn types_are_explained_without_their_prose() {
    let mut cluster = cluster();
    let ports = "KIND:       Pod\nVERSION:    v1\n\nFIELD: ports <[]ContainerPort>\n\nFIELDS:\n  \
                 containerPort\t<integer> -required-\n  hostIP\t<string>\n  hostPort\t<integer>\n  name\t<string>\n  \
                 protocol\t<string>\n  enum: SCTP, TCP, UDP\n\n";
    assert_eq!(printed(&mut cluster, "explain pod.spec.containers.ports"), ports);
    let set = printed(&mut cluster, "explain sts");
    assert!(set.starts_with("GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n"), "{set}");
    assert!(set.contains("  spec\t<StatefulSetSpec> -required-\n"), "{set}");
    let (out, errors, code) = run(&mut cluster, "explain pods.spec.nosuch");
    assert_eq!((out.as_str(), code), ("KIND:       Pod\nVERSION:    v1\n\n", 1));
    assert_eq!(errors, "error: field \"nosuch\" does not exist\n");
}

#[test]
fn what_the_server_serves_is_listed() {
    let mut cluster = cluster();
    let apps = printed(&mut cluster, "api-resources --api-group=apps --namespaced");
    let sets = "statefulsets          sts          apps/v1      true         StatefulSet\n";
    assert!(apps.ends_with(sets), "{apps}");
    assert!(printed(&mut cluster, "api-versions").ends_with("storagemigration.k8s.io/v1\nv1\n"));
    assert!(printed(&mut cluster, "api-resources -o name").contains("\nevents.events.k8s.io\n"));
    assert!(printed(&mut cluster, "version").ends_with("Server Version: v1.37.2\n"));
    let contexts = printed(&mut cluster, "config get-contexts");
    assert_eq!(contexts, "CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE\n*         lab    lab       admin      \n");
    let events = printed(&mut cluster, "events --for sts/web");
    assert!(events.contains("Normal   SuccessfulCreate   StatefulSet/web   Create Pod web-0"), "{events}");
}

/// A generator of small numbers, the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn text(&mut self, pieces: &[&str]) -> String {
        let length = 1 + self.below(14);
        (0..length).map(|_| pieces[self.below(pieces.len())]).collect()
    }
}

#[test]
fn no_template_brings_kubectl_down() {
    use statefulscope::kubectl::output::columns::{CustomColumns, relaxed_path, sort_order};
    use statefulscope::kubectl::output::jsonpath::JsonPath;
    use statefulscope::kubectl::output::template::Template;

    let data: serde_json::Value = serde_json::from_str(
        r#"{"kind":"List","items":[{"a":{"b":[1,2.5,"x",null,true]},"n":"é"},{"a":"t","n":3},[],{}],"s":"word","z":null}"#,
    )
    .unwrap();
    let path_pieces = [
        "{", "}", ".", "..", "[", "]", "*", "items", "a", "b", "n", "[*]", "[0]", "[-1]", "[1:]", "[::2]", "[0,1]",
        "['a']", "[?(", ")]", "@", "$", "==", "<", "!=", "'x'", "\"q\\n\"", "range ", "end", " ", "1", "-2.5", "true",
        "\\", "é", ",", ":", "\n", "'", "\"",
    ];
    let template_pieces = [
        "{{",
        "}}",
        "{{-",
        "-}}",
        ".",
        ".items",
        ".a",
        ".s",
        "$",
        "$x",
        " := ",
        " = ",
        " | ",
        "(",
        ")",
        " ",
        "range ",
        "if ",
        "with ",
        "else",
        "end",
        "break",
        "continue",
        "define ",
        "template ",
        "\"t\"",
        "`r`",
        "'c'",
        "1",
        "-2.5",
        "0x1f",
        "9",
        "print ",
        "printf ",
        "\"%5.2d %s %q %x\" ",
        "len ",
        "index ",
        "slice ",
        "eq ",
        "lt ",
        "and ",
        "or ",
        "not ",
        "html ",
        "base64decode ",
        "exists ",
        "nil",
        "true",
        "/*",
        "*/",
        ", ",
        "é",
        "\n",
        "text",
        "{{range .items}}",
        "{{end}}",
        "{{if .s}}",
        "{{$x := .items}}",
        "{{.}}",
    ];
    let mut random = Seeded(7);
    let mut printed = [0; 3];
    for _ in 0..60_000 {
        let text = random.text(&path_pieces);
        if let Ok(path) = JsonPath::parse(&text) {
            printed[0] += usize::from(path.execute(&data, random.below(9) == 0).is_ok());
        }
        let text = random.text(&template_pieces);
        if let Ok(template) = Template::parse(&text) {
            let mut out = String::new();
            printed[1] += usize::from(template.execute(&data, random.below(5) > 0, &mut out).is_ok());
        }
        let text = format!("A:{}", random.text(&path_pieces));
        if let Ok(mut columns) = CustomColumns::parse(&text, false) {
            printed[2] += usize::from(columns.lines(&[&data], &mut String::new()).is_ok());
        }
        if let Ok(path) = relaxed_path(&text) {
            let _ = sort_order(data["items"].as_array().unwrap(), &path);
        }
    }
    assert!(printed.iter().all(|count| *count > 500), "{printed:?}");
}

#[test]
fn templates_that_would_never_end_are_ended() {
    use statefulscope::kubectl::output::template::Template;
    for text in [
        "{{range 99999999}}{{range 99999999}}{{end}}{{end}}",
        "{{$x := \"ab\"}}{{range 99}}{{$x = print $x $x}}{{end}}",
        "{{define \"t\"}}{{template \"t\" .}}{{end}}{{template \"t\" .}}",
        "{{range 9999999}}{{printf \"%999d\" 1}}{{end}}",
    ] {
        let mut out = String::new();
        assert!(Template::parse(text).unwrap().execute(&serde_json::Value::Null, true, &mut out).is_err(), "{text}");
        assert!(out.len() < 10_000_000);
    }
}

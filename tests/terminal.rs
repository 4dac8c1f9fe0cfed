//! Terminals: what is typed, what comes back, and that any line at all does no harm.

use statefulscope::api::time::Millis;
use statefulscope::cluster::config::Config;
use statefulscope::command::Command;
use statefulscope::terminal::Style;
use statefulscope::timeline::Timeline;
use statefulscope::workbench::Workbench;

const WEB: &str = include_str!("../scenarios/basics/web.yaml");

/// A person in front of a cluster.
struct Desk(Workbench);

impl Desk {
    fn new() -> Desk {
        let mut bench = Workbench::new(Config::default());
        bench.execute(&Command::SaveFile { name: "web.yaml".to_owned(), text: WEB.to_owned() });
        Desk(bench)
    }

    /// One with the set of the tutorial, running.
    fn with_web() -> Desk {
        let mut desk = Desk::new();
        desk.run("kubectl apply -f web.yaml");
        desk.wait(20);
        desk
    }

    fn wait(&mut self, seconds: i64) {
        let until = self.0.cluster().now() + Millis::from_secs(seconds);
        self.0.run_until(until);
    }

    fn count(&self, terminal: usize) -> usize {
        self.0.terminals().get(terminal).map_or(0, |terminal| terminal.pieces().len())
    }

    fn text(&self, terminal: usize, from: usize) -> String {
        let shown = |style: Style| matches!(style, Style::Output | Style::Error);
        let pieces = self.0.terminals()[terminal].pieces().skip(from);
        pieces.filter(|piece| shown(piece.style)).map(|piece| piece.text.to_string()).collect()
    }

    /// Runs a line to its end, and gives what it wrote.
    fn run(&mut self, line: &str) -> String {
        self.type_in(0, line, true)
    }

    fn type_in(&mut self, terminal: usize, line: &str, to_the_end: bool) -> String {
        let from = self.count(terminal);
        self.0.execute(&Command::Run { terminal, line: line.to_owned() });
        let limit = self.0.cluster().now() + Millis::from_secs(100);
        while to_the_end && self.0.terminals()[terminal].is_busy() && self.0.next_due().is_some_and(|due| due < limit) {
            self.0.run_next();
        }
        self.text(terminal, from)
    }

    fn status(&self) -> i32 {
        self.0.terminals()[0].status()
    }
}

#[test]
fn the_shell_does_what_people_type() {
    let mut desk = Desk::new();
    for (line, expected) in [
        ("echo a  b 'c  d' \"e $HOME f\"", "a b c  d e  f\n"),
        ("x=1; y=$x$x; echo ${y} ${z:-none} $((y + 1))", "11 none 12\n"),
        ("for i in 0 1 2; do echo web-$i; done", "web-0\nweb-1\nweb-2\n"),
        ("for i in {0..2}; do [ $i = 1 ] && continue; echo $i; done", "0\n2\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ("false || echo no; true && echo yes; ! true; echo $?", "no\nyes\n1\n"),
        ("echo $(echo a; echo b) | tr a-z A-Z", "A B\n"),
        ("printf 'b 2\\na 1\\nb 2\\n' | sort | uniq -c | head -1", "      1 a 1\n"),
        ("printf 'one two\\nthree four\\n' | awk '{print $2}' | grep -v two", "four\n"),
        ("cat <<EOF\n  a $x\nEOF\n", "  a 1\n"),
        ("cat <<'EOF' | wc -l\n$x\n$y\nEOF\n", "2\n"),
        ("echo hello > f; echo again >> f; cat f", "hello\nagain\n"),
        ("cat nosuch 2>/dev/null || echo missing", "missing\n"),
        ("seq 3 | while read n; do echo n=$n; done", "n=1\nn=2\nn=3\n"),
        ("(x=5; echo $x); echo $x", "5\n1\n"),
        ("sh -c 'echo $0 $1' a b", "a b\n"),
        ("nosuch; echo $?", "bash: nosuch: command not found\n127\n"),
        ("echo a; exit 3; echo b", "a\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n"),
        ("k get nodes -o name | sed 's/node.//' | sort -r", "node3\nnode2\nnode1\n"),
    ] {
        assert_eq!(desk.run(line), expected, "{line}");
    }
    assert_eq!(desk.run("echo 'not closed"), "");
    assert_eq!(desk.0.terminals()[0].prompt(), "> ");
    assert_eq!(desk.run("until now'"), "not closed\nuntil now\n");
    assert!(desk.run("if; then").contains("syntax error"));
}

#[test]
fn files_on_a_volume_survive_the_pod_and_are_served_by_its_successor() {
    let mut desk = Desk::with_web();
    assert_eq!(desk.run("for i in 0 1; do kubectl exec web-$i -- sh -c 'hostname'; done"), "web-0\nweb-1\n");
    assert!(desk.run("kubectl exec web-0 -- curl -s http://localhost/").contains("403 Forbidden"));
    let write = "for i in 0 1; do kubectl exec \"web-$i\" -- sh -c 'echo \"$(hostname)\" > /usr/share/nginx/html/index.html'; done";
    assert_eq!(desk.run(write), "");
    desk.run("kubectl exec web-0 -- sh -c 'echo gone > /tmp/note'");
    let read = "for i in 0 1; do kubectl exec -i -t \"web-$i\" -- curl http://localhost/; done";
    assert_eq!(desk.run(read), "web-0\nweb-1\n");
    assert_eq!(
        desk.run("kubectl delete pod -l app=nginx"),
        "pod \"web-0\" deleted from default namespace\npod \"web-1\" deleted from default namespace\n"
    );
    desk.wait(20);
    assert_eq!(desk.run(read), "web-0\nweb-1\n");
    assert_eq!(desk.run("kubectl exec web-0 -- curl -s web-1.nginx"), "web-1\n");
    assert_eq!(
        desk.run("kubectl exec web-0 -- cat /tmp/note"),
        "cat: /tmp/note: No such file or directory\ncommand terminated with exit code 1\n"
    );
    assert_eq!(desk.status(), 1);
}

#[test]
fn a_pod_with_a_shell_answers_and_goes_with_it() {
    let mut desk = Desk::with_web();
    let line = "kubectl run -i --tty --image busybox:1.28 dns-test --restart=Never --rm";
    desk.type_in(0, line, false);
    desk.wait(5);
    assert!(desk.text(0, 0).ends_with("/ # "), "{}", desk.text(0, 0));
    let answer = desk.type_in(0, "nslookup web-0.nginx", false);
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "Server:    10.96.0.10");
    assert_eq!(lines[1], "Address 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local");
    assert_eq!(lines[3], "Name:      web-0.nginx");
    assert!(lines[4].ends_with("web-0.nginx.default.svc.cluster.local"), "{answer}");
    assert!(desk.type_in(0, "nslookup web-9.nginx", false).contains("nslookup: can't resolve 'web-9.nginx'"));
    desk.type_in(0, "exit 0", false);
    desk.wait(5);
    assert!(desk.text(0, 0).ends_with("pod \"dns-test\" deleted from default namespace\n"), "{}", desk.text(0, 0));
    assert!(desk.run("kubectl get pod dns-test").contains("not found"));
}

#[test]
fn a_watch_in_one_terminal_sees_what_is_typed_in_another() {
    let mut desk = Desk::new();
    desk.type_in(1, "kubectl get pods -w -l app=nginx", false);
    desk.run("kubectl apply -f web.yaml");
    desk.wait(20);
    let rows = desk.text(1, 0);
    let at = |needle: &str| rows.find(needle).unwrap_or_else(|| panic!("{needle} in {rows}"));
    assert!(at("web-0   1/1     Running") < at("web-1   0/1     Pending"));
    desk.0.execute(&Command::Interrupt { terminal: 1 });
    assert!(!desk.0.terminals()[1].is_busy());
    assert_eq!(desk.0.terminals()[1].prompt(), "$ ");
}

#[test]
fn a_loop_without_end_lets_time_go_on_and_ends_with_an_interrupt() {
    let mut desk = Desk::new();
    desk.type_in(0, "while true; do kubectl get ns -o name | head -1; done", false);
    desk.wait(2);
    assert!(desk.0.terminals()[0].is_busy());
    desk.0.execute(&Command::Interrupt { terminal: 0 });
    assert_eq!(desk.run("echo $?"), "130\n");
    desk.type_in(0, "sleep 5 && echo woke", false);
    desk.wait(4);
    assert!(desk.0.terminals()[0].is_busy());
    desk.wait(2);
    assert!(desk.text(0, 0).ends_with("woke\n"));
}

#[test]
fn an_editor_is_opened_saved_and_refused() {
    let mut desk = Desk::with_web();
    desk.type_in(0, "kubectl edit sts web", false);
    let mut bench = desk.0.clone();
    let edit = |bench: &mut Workbench, text: String| bench.execute(&Command::Edited { terminal: 0, text });
    let text = WEB.split("---\n").nth(1).unwrap_or_default().replacen(
        "  name: web\n",
        "  name: web\n  namespace: default\n",
        1,
    );
    // What was saved is not what kubectl showed, so its uid is missing.
    let answer = edit(&mut bench, text);
    assert!(answer.output.iter().any(|line| line.is_error), "{answer:?}");
    desk.0.execute(&Command::Interrupt { terminal: 0 });
    assert_eq!(desk.run("kubectl get sts web -o jsonpath='{.spec.replicas}'"), "2");
}

/// A ConfigMap with this data, as a line that applies it on the server.
fn applied(data: &str, flags: &str) -> String {
    let manifest =
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"c\"}},\"data\":{data}}}");
    format!("echo '{manifest}' | kubectl apply --server-side -f - {flags}")
}

#[test]
fn fields_have_owners_who_are_asked_before_others_change_them() {
    let mut desk = Desk::new();
    desk.run("kubectl create configmap c --from-literal=a=1");
    let refused = desk.run(&applied(r#"{"a":"2"}"#, ""));
    let head = "error: Apply failed with 1 conflict: conflict with \"kubectl-create\" using v1: .data.a\nPlease review";
    assert!(refused.starts_with(head), "{refused}");
    let data = "kubectl get cm c -o jsonpath='{.data}'";
    assert_eq!(desk.run(&applied(r#"{"b":"1","c":"1"}"#, "")), "configmap/c serverside-applied\n");
    // What this manager no longer applies goes, and what others have stays.
    desk.run(&applied(r#"{"c":"2"}"#, ""));
    assert_eq!(desk.run(data), r#"{"a":"1","c":"2"}"#);
    let refused = desk.run(&applied(r#"{"a":"3","c":"3"}"#, "--field-manager=x"));
    assert!(
        refused.starts_with("error: Apply failed with 2 conflicts: conflicts with \"kubectl\":\n- .data.c\n"),
        "{refused}"
    );
    desk.run(&applied(r#"{"a":"3","c":"3"}"#, "--field-manager=x --force-conflicts"));
    assert_eq!(desk.run(data), r#"{"a":"3","c":"3"}"#);
    let managers = "kubectl get cm c -o jsonpath='{.metadata.managedFields[*].manager}'";
    // The map itself is still of whom it was made by.
    assert_eq!(desk.run(managers), "x kubectl-create");
    assert!(!desk.run("kubectl get cm c -o yaml").contains("managedFields"));
    assert!(desk.run("kubectl get cm c -o yaml --show-managed-fields").contains("        f:c: {}\n"));
    let wrong = desk.run(&applied(r#"{"a":1}"#, ""));
    assert!(wrong.ends_with(".data.a: expected string, got &value.valueUnstructured{Value:1}\n"), "{wrong}");
}

#[test]
fn what_was_applied_by_kubectl_alone_can_be_applied_by_the_server_from_then_on() {
    let mut desk = Desk::with_web();
    desk.run("sed -i 's/kind: StatefulSet/kind: Stateful/' web.yaml; sed 's/kind: Stateful$/kind: StatefulSet/' web.yaml | head -14 | kubectl apply --server-side -f -");
    let managers =
        "kubectl get svc nginx -o jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation},{end}'";
    assert_eq!(desk.run(managers), "kubectl-last-applied Apply,kubectl Apply,");
}

#[test]
fn containers_have_logs_of_what_was_asked_of_them_and_of_what_they_run() {
    let mut desk = Desk::with_web();
    desk.run("kubectl exec web-0 -- curl -s http://localhost/nosuch");
    let log = desk.run("kubectl logs web-0");
    assert!(log.contains("\"GET /nosuch HTTP/1.1\" 404 ") && log.contains("[error]"), "{log}");
    assert_eq!(desk.run("kubectl logs web-1"), "");
    assert_eq!(desk.run("kubectl logs -l app=nginx --tail=1 --prefix | cut -c1-17"), "[pod/web-0/nginx]\n");
    let wrong = "Error from server (BadRequest): previous terminated container \"nginx\" in pod \"web-0\" not found\n";
    assert_eq!(desk.run("kubectl logs -p web-0"), wrong);
    desk.run("kubectl run count --image=busybox -- sh -c 'i=0; while true; do echo $i; i=$((i+1)); sleep 10; done'");
    let waits = desk.run("sleep 0.5; kubectl logs count");
    let sentence =
        "Error from server (BadRequest): container \"count\" in pod \"count\" is waiting to start: ContainerCreating\n";
    assert_eq!(waits, sentence);
    desk.wait(25);
    assert!(desk.run("kubectl logs count").starts_with("0\n1\n"));
    let from = desk.count(1);
    desk.type_in(1, "kubectl logs -f --tail=1 count", false);
    desk.wait(20);
    let followed = desk.text(1, from);
    assert!(followed.lines().count() >= 3, "{followed}");
    desk.run("kubectl delete pod count --force --grace-period=0");
    desk.wait(2);
    assert!(!desk.0.terminals()[1].is_busy());
}

#[test]
fn files_can_be_named_by_their_folder_and_changed_in_their_place() {
    let mut desk = Desk::new();
    for name in ["all/web.yaml", "all/notes.txt", "other.txt"] {
        desk.0.execute(&Command::SaveFile { name: name.to_owned(), text: WEB.to_owned() });
    }
    let applied = "service/nginx created (dry run)\nstatefulset.apps/web created (dry run)\n";
    for folder in ["all", "all/", "./all", "."] {
        assert_eq!(desk.run(&format!("kubectl apply --dry-run=client -f {folder}")), applied, "{folder}");
    }
    assert_eq!(desk.run("kubectl apply -f nosuch/"), "error: the path \"nosuch/\" does not exist\n");
    desk.run("sed -i 's/registry.k8s.io\\/nginx-slim:0.21/x;y/; s/replicas: 2/replicas: 3/' web.yaml");
    assert_eq!(desk.run("grep -e 'x;y' -e replicas web.yaml | tr -d ' '"), "replicas:3\nimage:x;y\n");
    assert_eq!(desk.run("echo a/b | sed 's/a\\//x\\n\\&&/; s|b|c|'"), "x\n&a/c\n");
    desk.0.execute(&Command::RemoveFile { name: "web.yaml".to_owned() });
    assert_eq!(desk.run("kubectl apply -f web.yaml"), "error: the path \"web.yaml\" does not exist\n");
}

#[test]
fn a_log_of_commands_rebuilds_what_terminals_did() {
    let mut timeline = Timeline::new(Config::default());
    timeline.dispatch(Command::SaveFile { name: "web.yaml".to_owned(), text: WEB.to_owned() });
    let line = "kubectl apply -f web.yaml && kubectl rollout status sts/web && kubectl delete pod web-1";
    timeline.dispatch(Command::Run { terminal: 0, line: line.to_owned() });
    timeline.advance(Millis::from_secs(30));
    let rebuilt = timeline.log().rebuild(timeline.cluster().now());
    assert_eq!(rebuilt.cluster().hash(), timeline.cluster().hash());
    let text =
        |bench: &Workbench| bench.terminals()[0].pieces().map(|piece| piece.text.to_string()).collect::<String>();
    assert_eq!(text(&rebuilt), text(timeline.bench()));
    assert!(text(&rebuilt).ends_with("pod \"web-1\" deleted from default namespace\n"), "{}", text(&rebuilt));
    let json = serde_json::to_string(timeline.log()).expect("a log is data");
    assert_eq!(&serde_json::from_str::<statefulscope::timeline::Log>(&json).expect("and reads back"), timeline.log());
}

/// Words that lines are made of.
const WORDS: &str = "kubectl kubectl kubectl k get get pods pod web-0 web-1 sts web statefulsets.apps svc nginx pvc pv all \
    www-web-0 nodes node1 ns default -n -nkube-system --namespace=default -A -l app=nginx -o yaml json name wide \
    jsonpath={.items[*].metadata.name} custom-columns=A:.metadata.name go-template={{.kind}} -w --watch --show-labels \
    --sort-by=.metadata.name --no-headers describe delete --all --cascade=orphan --grace-period=0 --force --wait=false \
    scale --replicas=3 --replicas=1 --current-replicas=2 patch -p {\"spec\":{\"replicas\":2}} --type=json --type=merge \
    [{\"op\":\"remove\",\"path\":\"/spec\"}] apply -f web.yaml - create replace diff label annotate a=b c- --overwrite set \
    image env resources nginx=x:1 *=y A=1 --list --limits=cpu=1 rollout status history undo restart pause \
    --to-revision=1 --timeout=1s run x --image=busybox -it --rm --restart=Never -- sh -c echo exec logs -f cp web-0:/a b wait \
    --for=delete --for=condition=Ready --for=jsonpath={.status.phase}=Running expose --port=80 drain cordon uncordon taint \
    k=v:NoExecute k- auth can-i whoami --server-side --force-conflicts --field-manager=m --show-managed-fields --previous --tail=1 \
    --since=1s --prefix --timestamps --all-containers deployment quota role --hard=pods=1 --verb=get serviceaccount selector \
    explain pods.spec api-resources config set-context --current version events edit top \
    port-forward --dry-run=client --dry-run=server --help -h --foo=bar -z --field-selector=status.phase=Running \
    configmap secret generic --from-literal=a=b service clusterip namespace n1 | || && ; > < 2>&1 >> << EOF ( ) { } $( ` $ \
    $x ${x} ${ $((1+ 1)) ' \" \\ # ! for i in do done while until if then else fi true false sleep 0.1 read x= x=1 \
    grep -c head tail -1 wc sort uniq cut -d -f1 tr a-z sed s/a/b/ awk {print cat ls rm env date seq 3 watch sh exit break \
    continue é 世 \u{0} * ? {0..3} [ ] = -eq test printf %s%d echo -n -e clear history help unset alias k=kubectl";

/// A line of random words, and sometimes of random letters.
fn line(random: &mut impl FnMut() -> usize, words: &[&str]) -> String {
    let count = 1 + random() % 12;
    let mut out = String::new();
    for _ in 0..count {
        match random() % 40 {
            0 => out.push(char::from_u32((random() % 0x300) as u32).unwrap_or('\u{fffd}')),
            1 => out.push('\n'),
            2 => {}
            _ => out.push(' '),
        }
        out.push_str(words[random() % words.len()]);
    }
    out
}

/// `TERMINAL_LINES=1000000 cargo test --release --test terminal random` runs a million.
#[test]
fn no_random_line_does_any_harm() {
    let lines = std::env::var("TERMINAL_LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(4000);
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize
    };
    let mut fresh = Desk::with_web();
    fresh.0.cluster_mut().take_steps();
    let mut desk = Desk(fresh.0.clone());
    for number in 0..lines {
        if number % 50 == 0 {
            desk = Desk(fresh.0.clone());
        }
        let line = line(&mut random, &words);
        let terminal = random() % 2;
        desk.0.execute(&Command::Run { terminal, line });
        let until = desk.0.cluster().now() + Millis(200);
        desk.0.run_until(until);
        if random() % 3 == 0 {
            desk.0.execute(&Command::EndInput { terminal });
        }
        desk.0.execute(&Command::Interrupt { terminal });
    }
}

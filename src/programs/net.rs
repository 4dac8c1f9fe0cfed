//! Programs that ask the cluster's network: for names and for pages.

use std::sync::Arc;

use super::{Call, has_option, operands, option_value};
use crate::api::fields::Fields;
use crate::api::kind::Kind;
use crate::api::object::Object;
use crate::api::time::Millis;
use crate::disks::{Container, container_spec};
use crate::dns;
use crate::shell::Host;

impl Call<'_, '_> {
    fn pod(&self) -> Option<Arc<Object>> {
        match self.host {
            Host::Container(container) => self.env.cluster.store().find(&container.pod).cloned(),
            Host::Local => None,
        }
    }

    fn namespace(&self) -> String {
        self.pod().map_or_else(|| "default".to_owned(), |pod| pod.meta.namespace.clone())
    }

    /// Whether the container is of an image with small programs.
    fn is_busybox(&self) -> bool {
        let (Host::Container(container), Some(pod)) = (self.host, self.pod()) else {
            return false;
        };
        container_spec(&pod, &container.name).text("image").contains("busybox")
    }
}

/// The address that a text is, if it is one.
fn is_address(text: &str) -> bool {
    text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok())
}

pub(super) fn nslookup(call: &mut Call<'_, '_>) -> i32 {
    let Some(name) = operands(call.words, "").first().map(|name| (*name).to_owned()) else {
        call.out.complain("Usage: nslookup [HOST] [SERVER]");
        return 1;
    };
    let store = call.env.cluster.store();
    let found = if is_address(&name) {
        dns::reverse(store, &name).map(|full| (full, vec![name.clone()]))
    } else {
        dns::resolve(store, &call.namespace(), &name)
    };
    let (server, server_name) = dns::SERVER;
    if call.is_busybox() {
        call.out.print(&format!("Server:    {server}\nAddress 1: {server} {server_name}\n"));
        let Some((_, addresses)) = found else {
            call.out.complain(&format!("nslookup: can't resolve '{name}'"));
            return 1;
        };
        let mut text = format!("Name:      {name}\n");
        for (i, address) in addresses.iter().enumerate() {
            let back =
                dns::reverse(call.env.cluster.store(), address).map(|name| format!(" {name}")).unwrap_or_default();
            text.push_str(&format!("Address {}: {address}{back}\n", i + 1));
        }
        call.out.write(&text);
        return 0;
    }
    call.out.print(&format!("Server:\t\t{server}\nAddress:\t{server}#53\n"));
    let Some((full, addresses)) = found else {
        call.out.print(&format!("** server can't find {name}: NXDOMAIN\n"));
        return 1;
    };
    for address in addresses {
        call.out.print(&format!("Name:\t{full}\nAddress: {address}"));
    }
    call.out.print("");
    0
}

pub(super) fn dig(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let mut ty = "A".to_owned();
    let mut name = None;
    let (mut short, mut search) = (false, false);
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "+short" => short = true,
            "+search" => search = true,
            "-t" => ty = rest.next().map_or(String::new(), |ty| ty.to_uppercase()),
            "A" | "a" | "SRV" | "srv" | "AAAA" | "ANY" => ty = word.to_uppercase(),
            word if word.starts_with(['+', '@', '-']) => {}
            word => name = Some(word.trim_end_matches('.').to_owned()),
        }
    }
    let Some(mut name) = name else {
        call.out.complain("dig: no name given");
        return 1;
    };
    let store = call.env.cluster.store();
    if search && let Some((full, _)) = dns::resolve(store, &call.namespace(), &name) {
        name = full;
    }
    const TTL: u32 = 30;
    let mut answers: Vec<(String, String)> = Vec::new();
    if ty == "SRV" {
        let records = dns::srv(store, &name);
        let weight = 100 / records.len().max(1);
        for record in records {
            answers.push(("SRV".to_owned(), format!("0 {weight} {} {}.", record.port, record.target)));
        }
    } else if ty != "AAAA" {
        answers.extend(dns::addresses(store, &name).unwrap_or_default().into_iter().map(|a| ("A".to_owned(), a)));
    }
    if short {
        for (_, answer) in answers {
            call.out.print(&answer);
        }
        return 0;
    }
    let known = !answers.is_empty() || dns::addresses(store, &name).is_some();
    let status = if known { "NOERROR" } else { "NXDOMAIN" };
    let count = answers.len();
    let mut text = format!(
        "\n; <<>> DiG 9.11 <<>> {}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, \
         id: 1\n;; flags: qr aa rd; QUERY: 1, ANSWER: {count}, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n\
         ;{name}.\tIN\t{ty}\n\n",
        words[1..].join(" ")
    );
    if count > 0 {
        text.push_str(";; ANSWER SECTION:\n");
        for (ty, answer) in &answers {
            text.push_str(&format!("{name}. {TTL}\tIN\t{ty}\t{answer}\n"));
        }
        text.push('\n');
    }
    text.push_str(&format!(";; Query time: 0 msec\n;; SERVER: {0}#53({0})\n", dns::SERVER.0));
    call.out.print(&text);
    0
}

pub(super) fn ping(call: &mut Call<'_, '_>) -> i32 {
    /// How often it asks when it is not told: enough to see, and it ends.
    const TIMES: i64 = 4;
    let words = call.words;
    let times = option_value(words, 'c').and_then(|n| n.parse::<i64>().ok()).unwrap_or(TIMES).clamp(1, 1000);
    let Some(name) = operands(words, "ciwW").first().map(|name| (*name).to_owned()) else {
        call.out.complain("ping: usage error: Destination address required");
        return 1;
    };
    let Some(address) = address_of(call, &name) else {
        call.out.complain(&format!("ping: bad address '{name}'"));
        return 1;
    };
    let alive = pod_at(call, &address).is_some() || address == dns::SERVER.0;
    let mut text = format!("PING {name} ({address}): 56 data bytes\n");
    for i in 0..times {
        if alive {
            text.push_str(&format!("64 bytes from {address}: seq={i} ttl=62 time=0.100 ms\n"));
        }
    }
    let (received, loss) = if alive { (times, 0) } else { (0, 100) };
    text.push_str(&format!(
        "\n--- {name} ping statistics ---\n{times} packets transmitted, {received} packets received, {loss}% packet loss\n"
    ));
    if alive {
        text.push_str("round-trip min/avg/max = 0.100/0.100/0.100 ms\n");
    }
    call.out.write(&text);
    call.takes = Millis::from_secs(times - 1);
    i32::from(!alive)
}

fn address_of(call: &Call<'_, '_>, host: &str) -> Option<String> {
    let own = || call.pod().map(|pod| pod.status.text("podIP").to_owned());
    if host == "localhost" || host == "127.0.0.1" {
        return own();
    }
    if let Some(pod) = call.pod()
        && host == crate::disks::hostname(&pod)
    {
        return own();
    }
    if is_address(host) {
        return Some(host.to_owned());
    }
    dns::resolve(call.env.cluster.store(), &call.namespace(), host)
        .and_then(|(_, addresses)| addresses.into_iter().next())
}

/// The running pod that has an address.
fn pod_at(call: &Call<'_, '_>, address: &str) -> Option<Arc<Object>> {
    let mut pods = call.env.cluster.store().list(Kind::Pod);
    pods.find(|pod| pod.status.text("podIP") == address && pod.status.text("phase") == "Running").cloned()
}

/// Why a page did not come.
enum Trouble {
    Name,
    Refused(String, i64),
    TimedOut(String),
}

/// A page: status and body.
type Page = (u16, String);

/// Asks for a page.
fn fetch(call: &mut Call<'_, '_>, url: &str) -> Result<Page, (Trouble, String)> {
    let rest = url.strip_prefix("http://").or(url.strip_prefix("https://")).unwrap_or(url);
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = place.split_once(':').unwrap_or((place, "80"));
    let port: i64 = port.parse().unwrap_or(80);
    let fail = |trouble: Trouble| Err((trouble, host.to_owned()));
    let Some(mut address) = address_of(call, host) else {
        return fail(Trouble::Name);
    };
    let mut target = port;
    let store = call.env.cluster.store();
    if let Some(service) = store.list(Kind::Service).find(|service| service.spec.text("clusterIP") == address) {
        let Some(entry) = service.spec.list("ports").iter().find(|entry| entry.int("port") == Some(port)) else {
            return fail(Trouble::TimedOut(address));
        };
        let slices: Vec<_> = dns::slices(store, &service.meta.namespace, &service.meta.name).collect();
        let ready = slices
            .iter()
            .flat_map(|slice| slice.rest.list("endpoints"))
            .filter(|e| e.field("conditions").flag("ready"));
        let Some(first) = ready.filter_map(|e| e.list("addresses").first()?.as_str()).next() else {
            return fail(Trouble::Refused(address, port));
        };
        let ports = slices.iter().flat_map(|slice| slice.rest.list("ports"));
        target = ports.filter(|p| p.text("name") == entry.text("name")).find_map(|p| p.int("port")).unwrap_or(port);
        address = first.to_owned();
    }
    let Some(pod) = pod_at(call, &address) else {
        return fail(Trouble::TimedOut(address));
    };
    let serves = |container: &&serde_json::Value| container.text("image").contains("nginx");
    match pod.spec.list("containers").iter().find(serves) {
        Some(container) if target == 80 => {
            let container =
                Container { pod: pod.object_ref(), uid: pod.meta.uid.clone(), name: container.text("name").to_owned() };
            let page = serve(call, &container, path);
            note(call, &container, &address, host, path, &page);
            Ok(page)
        }
        _ => fail(Trouble::Refused(address, target)),
    }
}

/// Where nginx finds its files.
const ROOT: &str = "/usr/share/nginx/html";

/// Has nginx note a request: what went wrong, and that there was one.
fn note(call: &mut Call<'_, '_>, container: &Container, address: &str, host: &str, path: &str, page: &Page) {
    let now = call.env.cluster.now();
    let time = now.timestamp().to_string();
    let from = match call.host {
        _ if matches!(host, "localhost" | "127.0.0.1") => "127.0.0.1".to_owned(),
        Host::Container(client) => {
            let pod = call.env.cluster.store().find(&client.pod);
            pod.map_or("", |pod| pod.status.text("podIP")).to_owned()
        }
        Host::Local => address.to_owned(),
    };
    let what = match page.0 {
        403 => Some(format!("directory index of \"{ROOT}/{path}\" is forbidden")),
        404 => Some(format!("open() \"{ROOT}/{path}\" failed (2: No such file or directory)")),
        _ => None,
    };
    let request = format!("GET /{path} HTTP/1.1");
    if let Some(what) = what {
        let line = format!(
            "{} {} [error] 29#29: *1 {what}, client: {from}, server: localhost, request: \"{request}\", host: \"{host}\"",
            time[..10].replace('-', "/"),
            &time[11..19],
        );
        call.env.desk.disks.note_served(container, now, line);
    }
    let month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(' ').nth(time[5..7].parse().unwrap_or(1) - 1);
    let (day, year, clock) = (&time[8..10], &time[..4], &time[11..19]);
    let agent = if call.words[0].ends_with("curl") { "curl/8.5.0" } else { "Wget" };
    let (status, length) = (page.0, page.1.len());
    let line = format!(
        "{from} - - [{day}/{}/{year}:{clock} +0000] \"{request}\" {status} {length} \"-\" \"{agent}\" \"-\"",
        month.unwrap_or_default()
    );
    call.env.desk.disks.note_served(container, now, line);
}

/// What nginx serves: files below its folder.
fn serve(call: &Call<'_, '_>, container: &Container, path: &str) -> Page {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (disks, cluster) = (&call.env.desk.disks, &*call.env.cluster);
    let mut file = format!("{ROOT}/{path}");
    if disks.is_folder(cluster, container, &file) {
        file = format!("{file}/index.html");
        return match disks.read(cluster, container, &file) {
            Ok(text) => (200, text),
            Err(_) => (403, error_page("403 Forbidden")),
        };
    }
    match disks.read(cluster, container, &file) {
        Ok(text) => (200, text),
        Err("Permission denied") => (403, error_page("403 Forbidden")),
        Err(_) => (404, error_page("404 Not Found")),
    }
}

fn error_page(title: &str) -> String {
    format!(
        "<html>\n<head><title>{title}</title></head>\n<body bgcolor=\"white\">\n<center><h1>{title}</h1></center>\n\
         <hr><center>nginx</center>\n</body>\n</html>\n"
    )
}

fn status_line(status: u16) -> &'static str {
    match status {
        200 => "200 OK",
        403 => "403 Forbidden",
        _ => "404 Not Found",
    }
}

/// How long a connection is tried.
const CONNECT: Millis = Millis::from_secs(5);

pub(super) fn curl(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    if call.is_busybox() {
        call.out.complain("sh: curl: not found");
        return 127;
    }
    let Some(url) = operands(words, "oHmXdu").first().map(|url| (*url).to_owned()) else {
        call.out.complain("curl: try 'curl --help' or 'curl --manual' for more information");
        return 2;
    };
    let silent = has_option(words, 's') && !has_option(words, 'S');
    let complain = |call: &mut Call<'_, '_>, text: String| {
        if !silent {
            call.out.complain(&text);
        }
    };
    match fetch(call, &url) {
        Ok((status, _)) if has_option(words, 'f') && status >= 400 => {
            complain(call, format!("curl: (22) The requested URL returned error: {}", status_line(status)));
            22
        }
        Ok((status, body)) => {
            if has_option(words, 'I') || has_option(words, 'i') {
                let length = body.len();
                call.out.print(&format!("HTTP/1.1 {}\nServer: nginx\nContent-Length: {length}\n", status_line(status)));
            }
            if !has_option(words, 'I') {
                match option_value(words, 'o') {
                    Some("/dev/null") => {}
                    Some(file) => drop(super::files::save(call, file, &body)),
                    None => call.out.write(&body),
                }
            }
            0
        }
        Err((Trouble::Name, host)) => {
            complain(call, format!("curl: (6) Could not resolve host: {host}"));
            6
        }
        Err((Trouble::Refused(_, port), host)) => {
            complain(call, format!("curl: (7) Failed to connect to {host} port {port}: Connection refused"));
            7
        }
        Err((Trouble::TimedOut(_), host)) => {
            call.takes = CONNECT;
            complain(call, format!("curl: (28) Failed to connect to {host} port 80: Connection timed out"));
            28
        }
    }
}

pub(super) fn wget(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    // `-O-` and `-qO-` are one word with its value.
    let output = words[1..].iter().enumerate().find_map(|(i, word)| {
        let (options, value) = word.strip_prefix('-')?.split_once('O')?;
        let plain = options.chars().all(|c| c.is_ascii_lowercase());
        plain.then(|| if value.is_empty() { words.get(i + 2).cloned().unwrap_or_default() } else { value.to_owned() })
    });
    let names: Vec<&str> =
        operands(words, "OTt").into_iter().filter(|name| Some(*name) != output.as_deref() || *name == "-").collect();
    let Some(url) = names.iter().find(|name| **name != "-").map(|url| (*url).to_owned()) else {
        call.out.complain("wget: missing URL");
        return 1;
    };
    let quiet = words.iter().any(|word| word.starts_with("-q"));
    match fetch(call, &url) {
        Ok((200, body)) => {
            match output.as_deref() {
                Some("-") => call.out.write(&body),
                file => {
                    let path = url.trim_start_matches("http://").split_once('/').map_or("", |(_, path)| path);
                    let last = path.rsplit('/').next().filter(|last| !last.is_empty());
                    let name = file.or(last).unwrap_or("index.html").to_owned();
                    if !super::files::save(call, &name, &body) {
                        return 1;
                    }
                    if !quiet {
                        call.out.complain(&format!("'{name}' saved"));
                    }
                }
            }
            0
        }
        Ok((status, _)) => {
            call.out.complain(&format!("wget: server returned error: HTTP/1.1 {}", status_line(status)));
            1
        }
        Err((trouble, host)) => {
            let text = match trouble {
                Trouble::Name => format!("wget: bad address '{host}'"),
                Trouble::Refused(address, _) => {
                    format!("wget: can't connect to remote host ({address}): Connection refused")
                }
                Trouble::TimedOut(address) => {
                    call.takes = CONNECT;
                    format!("wget: can't connect to remote host ({address}): Connection timed out")
                }
            };
            call.out.complain(&text);
            1
        }
    }
}

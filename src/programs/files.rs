//! Programs about files and about where they run.

use super::{Call, has_option, operands, weekday};
use crate::api::fields::Fields;
use crate::api::time::civil_from_days;
use crate::disks::{self, Errno};
use crate::shell::{CLEAR, Host};

/// Writes a file where the program runs. Says whether it could.
pub(super) fn save(call: &mut Call<'_, '_>, name: &str, text: &str) -> bool {
    let done: Result<(), Errno> = match call.host {
        Host::Local => {
            call.env.desk.files.insert(name.to_owned(), text.into());
            Ok(())
        }
        Host::Container(container) => call.env.desk.disks.write(call.env.cluster, container, name, text, false),
    };
    if let Err(why) = done {
        call.out.complain(&format!("{}: {name}: {why}", call.words[0]));
    }
    done.is_ok()
}

/// Does something with each operand, and complains in the program's words where it cannot.
fn each(
    call: &mut Call<'_, '_>,
    doing: &str,
    skip: usize,
    work: &dyn Fn(&mut Call<'_, '_>, &str) -> Result<(), Errno>,
) -> i32 {
    let words = call.words;
    let mut status = 0;
    for name in operands(words, "").into_iter().skip(skip) {
        if let Err(why) = work(call, name) {
            call.out.complain(&format!("{}: {doing} '{name}': {why}", words[0]));
            status = 1;
        }
    }
    status
}

pub(super) fn ls(call: &mut Call<'_, '_>) -> i32 {
    let words = call.words;
    let long = has_option(words, 'l');
    let mut paths = operands(words, "");
    if paths.is_empty() {
        paths.push(".");
    }
    let mut status = 0;
    for path in paths {
        let names = match call.host {
            Host::Local if path == "." => Ok(call.env.desk.files.keys().cloned().collect()),
            Host::Local if call.env.desk.files.contains_key(path) => Ok(vec![path.to_owned()]),
            Host::Local => Err("No such file or directory"),
            Host::Container(container) => {
                let disks = &call.env.desk.disks;
                match disks.list(call.env.cluster, container, path) {
                    Err(_) if disks.read(call.env.cluster, container, path).is_ok() => Ok(vec![path.to_owned()]),
                    other => other,
                }
            }
        };
        match names {
            Err(why) => {
                call.out.complain(&format!("ls: {path}: {why}"));
                status = 1;
            }
            Ok(names) => {
                for name in names {
                    let plain = name.trim_end_matches('/');
                    if long {
                        let kind = if name.ends_with('/') { "drwxr-xr-x" } else { "-rw-r--r--" };
                        call.out.print(&format!("{kind}    1 root     root  {plain}"));
                    } else {
                        call.out.print(plain);
                    }
                }
            }
        }
    }
    status
}

pub(super) fn rm(call: &mut Call<'_, '_>) -> i32 {
    let (all, force) = (has_option(call.words, 'r') || has_option(call.words, 'R'), has_option(call.words, 'f'));
    each(call, "can't remove", 0, &|call, name| {
        let done = match call.host {
            Host::Local => call.env.desk.files.remove(name).map(drop).ok_or("No such file or directory"),
            Host::Container(container) => call.env.desk.disks.remove(call.env.cluster, container, name, all),
        };
        if force { Ok(()) } else { done }
    })
}

pub(super) fn touch(call: &mut Call<'_, '_>) -> i32 {
    each(call, "cannot touch", 0, &|call, name| match call.host {
        Host::Local => {
            call.env.desk.files.entry(name.to_owned()).or_insert_with(|| "".into());
            Ok(())
        }
        Host::Container(container) => call.env.desk.disks.write(call.env.cluster, container, name, "", true),
    })
}

pub(super) fn mkdir(call: &mut Call<'_, '_>) -> i32 {
    each(call, "can't create directory", 0, &|call, name| match call.host {
        Host::Local => Err("Operation not permitted"),
        Host::Container(container) => call.env.desk.disks.make_folder(call.env.cluster, container, name),
    })
}

pub(super) fn chmod(call: &mut Call<'_, '_>) -> i32 {
    let mode = operands(call.words, "").first().map_or(Ok(0o644), |mode| u32::from_str_radix(mode, 8)).unwrap_or(0o755);
    each(call, "cannot access", 1, &|call, name| match call.host {
        Host::Local => call.env.desk.files.get(name).map(drop).ok_or("No such file or directory"),
        Host::Container(container) => call.env.desk.disks.set_mode(call.env.cluster, container, name, mode),
    })
}

pub(super) fn date(call: &mut Call<'_, '_>) -> i32 {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let now = call.env.cluster.now().timestamp();
    let (year, month, day) = civil_from_days(now.0.div_euclid(86_400));
    let second = now.0.rem_euclid(86_400);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let (weekday, name) = (DAYS[weekday(now) as usize], MONTHS[(month - 1) as usize]);
    let format = call.words[1..].iter().find_map(|word| word.strip_prefix('+'));
    let text = match format {
        None => format!("{weekday} {name} {day:2} {clock} UTC {year}"),
        Some(format) => format
            .replace("%s", &now.0.to_string())
            .replace("%T", &clock)
            .replace("%F", &format!("{year:04}-{month:02}-{day:02}"))
            .replace("%Y", &format!("{year:04}"))
            .replace("%m", &format!("{month:02}"))
            .replace("%d", &format!("{day:02}"))
            .replace("%H", &clock[0..2])
            .replace("%M", &clock[3..5])
            .replace("%S", &clock[6..8]),
    };
    call.out.print(&text);
    0
}

pub(super) fn env(call: &mut Call<'_, '_>) -> i32 {
    if let Some(name) = call.words.get(1).filter(|_| call.words[0] == "printenv") {
        return match call.vars.get(name) {
            Some(value) => {
                call.out.print(value);
                0
            }
            None => 1,
        };
    }
    for (name, value) in call.vars {
        call.out.print(&format!("{name}={value}"));
    }
    0
}

pub(super) fn hostname(call: &mut Call<'_, '_>) -> i32 {
    let Host::Container(container) = call.host else {
        call.out.print("statefulscope");
        return 0;
    };
    let Some(pod) = call.env.cluster.store().find(&container.pod) else {
        return 1;
    };
    let name = disks::hostname(pod);
    let text = if has_option(call.words, 'i') || has_option(call.words, 'I') {
        pod.status.text("podIP").to_owned()
    } else {
        match pod.spec.text("subdomain") {
            subdomain if !subdomain.is_empty() && has_option(call.words, 'f') => {
                crate::dns::pod_name(name, subdomain, &pod.meta.namespace)
            }
            _ => name.to_owned(),
        }
    };
    call.out.print(&text);
    0
}

pub(super) fn whoami(call: &mut Call<'_, '_>) -> i32 {
    call.out.print("root");
    0
}

pub(super) fn id(call: &mut Call<'_, '_>) -> i32 {
    call.out.print("uid=0(root) gid=0(root) groups=0(root)");
    0
}

pub(super) fn uname(call: &mut Call<'_, '_>) -> i32 {
    call.out.print("Linux");
    0
}

/// The container's own program, and this one.
pub(super) fn ps(call: &mut Call<'_, '_>) -> i32 {
    let mut main = "bash".to_owned();
    if let Host::Container(container) = call.host
        && let Some(pod) = call.env.cluster.store().find(&container.pod)
    {
        let spec = disks::container_spec(pod, &container.name);
        let words: Vec<&str> =
            spec.list("command").iter().chain(spec.list("args")).filter_map(|word| word.as_str()).collect();
        main = match words.join(" ") {
            command if !command.is_empty() => command,
            _ if spec.text("image").contains("nginx") => "nginx: master process nginx -g daemon off;".to_owned(),
            _ => "sh".to_owned(),
        };
    }
    call.out.print("PID   USER     TIME  COMMAND");
    call.out.print(&format!("    1 root      0:00 {main}"));
    call.out.print(&format!("    7 root      0:00 {}", call.words.join(" ")));
    0
}

pub(super) fn clear(call: &mut Call<'_, '_>) -> i32 {
    call.out.write(CLEAR);
    0
}

pub(super) fn help(call: &mut Call<'_, '_>) -> i32 {
    let mut names: Vec<&str> = Vec::new();
    for command in crate::kubectl::commands() {
        let name = command.path.split(' ').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    call.out.print(&format!("kubectl {}", names.join("|")));
    call.out.print(&format!("{} sh watch sleep", super::names().collect::<Vec<_>>().join(" ")));
    call.out
        .print("for i in 0 1; do …; done   while …; do …; done   if …; then …; fi   a | b   a && b   > file   <<EOF");
    call.out.print("-f NAME, -f FOLDER: the editor's files. kubectl logs: simulated, from what nginx is asked and what scripts echo.");
    0
}

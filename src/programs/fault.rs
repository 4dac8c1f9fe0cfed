//! `fault`: makes something go wrong that no line of kubectl makes go wrong, or go right again. The page's buttons run
//! the same lines.

use std::fmt::Write as _;

use super::{Call, operands, option_value, seconds};
use crate::api::kind::Kind;
use crate::api::meta::ObjectRef;
use crate::api::time::Millis;
use crate::cluster::Cluster;
use crate::cluster::faults::ApiFault;
use crate::command::Command;
use crate::controllers::chaos::{Chaos, Invariant};
use crate::controllers::kubelet::PodFaults;
use crate::kubectl::line::quoted;

type Switch = fn(&mut PodFaults, bool);

/// What can be wrong in a pod for as long as it is on, in this life and in the next ones.
const SWITCHES: [(&str, Switch); 8] = [
    ("not-ready", |faults, on| faults.not_ready = on),
    ("liveness", |faults, on| faults.liveness = on),
    ("crash", |faults, on| faults.crash = on),
    ("init-crash", |faults, on| faults.init_crash = on),
    ("complete", |faults, on| faults.complete = on),
    ("image", |faults, on| faults.image_pull = on),
    ("slow", |faults, on| faults.slow_start_seconds = if on { SLOW_START_SECONDS } else { 0 }),
    ("sigterm", |faults, on| faults.ignore_sigterm = on),
];

/// How much longer a slow container takes to start, in seconds.
const SLOW_START_SECONDS: u32 = 30;

const HELP: &str = "\
Makes something go wrong in the simulated cluster, or go right again with 'off'.

  fault pod NAME kill                 ends the containers, as SIGKILL does
  fault pod NAME evict                evicts the pod, if its disruption budget allows that
  fault pod NAME pressure             the kubelet takes the pod away for lack of memory
  fault pod NAME FAULT [off]          not-ready, liveness, crash, init-crash, complete,
                                      image, slow, sigterm
  fault node NAME down [off]          the node does not answer
  fault provisioner NAME down [off]   nobody makes volumes for its classes
  fault api conflicts 20%|off         so many writes of controllers are refused
  fault api latency 1s|off            controllers learn of writes so much later
  fault chaos SET [seed=1] [every=20s] [ready=2|pod=0|names=2]
                                      random faults until fewer are Ready, this pod is not
                                      Ready, or fewer DNS names answer
  fault chaos off

  -n NAMESPACE                        of the pod or the set
";

pub(super) fn fault(call: &mut Call<'_, '_>) -> i32 {
    let namespace = match option_value(call.words, 'n').unwrap_or(&call.env.desk.config.namespace) {
        "" => "default".to_owned(),
        name => name.to_owned(),
    };
    let words = operands(call.words, "n");
    if words.is_empty() || words == ["help"] {
        call.out.write(HELP);
        return 0;
    }
    let cluster = &mut *call.env.cluster;
    let command = match parse(&words, &namespace, cluster) {
        Ok(command) => command,
        Err(why) => {
            call.out.write_error(&format!("fault: {why}\n"));
            return 1;
        }
    };
    if matches!(command, Command::InjectFault { .. }) {
        // A share takes the place of the one before; a fault that hits nothing takes that back.
        cluster.execute(&Command::InjectFault { fault: ApiFault::default() });
    }
    let answer = cluster.execute(&command);
    let refused = answer.is_refused();
    for line in answer.output {
        let text = line.text + "\n";
        if line.is_error { call.out.write_error(&text) } else { call.out.write(&text) }
    }
    i32::from(refused)
}

/// What a line asks for; its first word is left out.
fn parse(words: &[&str], namespace: &str, cluster: &Cluster) -> Result<Command, String> {
    let (on, words) = match words {
        [words @ .., "off"] => (false, words),
        [words @ .., "on"] => (true, words),
        words => (true, words),
    };
    let there = |kind: Kind, namespace: &str, name: &str| {
        let object = ObjectRef::new(kind, namespace, name);
        match cluster.store().find(&object) {
            Some(_) => Ok(object),
            None => Err(format!("there is no {object}")),
        }
    };
    match *words {
        ["pod", name, what @ ("kill" | "evict" | "pressure")] if on => {
            let pod = there(Kind::Pod, namespace, name)?;
            Ok(match what {
                "kill" => Command::KillContainers { pod },
                "evict" => Command::Evict { pod },
                _ => Command::EvictForPressure { pod },
            })
        }
        // What goes wrong in a pod is set for its name, so it can be set before there is a pod, too.
        ["pod", name, what] => {
            let (_, change) = SWITCHES.iter().find(|(known, _)| *known == what).ok_or_else(|| unknown(what))?;
            let pod = ObjectRef::new(Kind::Pod, namespace, name);
            let mut faults = cluster.controllers.kubelet.faults(&pod);
            change(&mut faults, on);
            Ok(Command::SetFaults { pod, faults })
        }
        ["node", name, "down"] => Ok(Command::SetNodeDown { node: there(Kind::Node, "", name)?.name, down: on }),
        ["provisioner", name, "down"] => Ok(Command::SetProvisionerDown { provisioner: name.to_owned(), down: on }),
        ["api", "conflicts"] if !on => Ok(Command::InjectFault { fault: ApiFault::default() }),
        ["api", "conflicts", share] => {
            let share = share.trim_end_matches('%').parse::<u32>().ok().filter(|share| (1..=100).contains(share));
            let per_mille = share.ok_or("the share is a number from 1 to 100, in percent")? * 10;
            Ok(Command::InjectFault { fault: ApiFault { per_mille, ..ApiFault::default() } })
        }
        ["api", "latency"] if !on => Ok(Command::SetLatency { latency: Millis(0) }),
        ["api", "latency", span] => {
            Ok(Command::SetLatency { latency: seconds(span).ok_or("the latency is a span such as 1s")? })
        }
        ["chaos"] if !on => Ok(Command::SetChaos { chaos: None }),
        ["chaos", set, ref settings @ ..] => {
            let set = there(Kind::StatefulSet, namespace, set)?;
            let mut chaos = Chaos { seed: 1, every_seconds: 20, set, at_least: 1, invariant: Invariant::default() };
            for setting in settings {
                set_chaos(&mut chaos, setting).ok_or_else(|| unknown(setting))?;
            }
            Ok(Command::SetChaos { chaos: Some(chaos) })
        }
        _ => Err("see 'fault help'".to_owned()),
    }
}

fn unknown(word: &str) -> String {
    format!("{word:?} is not known, see 'fault help'")
}

fn set_chaos(chaos: &mut Chaos, setting: &str) -> Option<()> {
    let (name, value) = setting.split_once('=')?;
    match name {
        "seed" => chaos.seed = value.parse().ok()?,
        "every" => chaos.every_seconds = u32::try_from(seconds(value)?.0 / 1000).ok()?,
        name => {
            chaos.invariant = Invariant::ALL.into_iter().find(|invariant| invariant.name() == name)?;
            chaos.at_least = value.parse().ok()?;
        }
    }
    Some(())
}

/// The line that has something go wrong in a pod, or go right again.
pub fn pod_line(pod: &ObjectRef, what: &str, on: bool) -> String {
    format!("fault pod {} {what}{} -n {}", quoted(&pod.name), off(on), quoted(&pod.namespace))
}

/// The line that cuts a node off, or connects it again.
pub fn node_line(node: &str, down: bool) -> String {
    format!("fault node {} down{}", quoted(node), off(down))
}

/// The line that stops a provisioner, or has it run again.
pub fn provisioner_line(provisioner: &str, down: bool) -> String {
    format!("fault provisioner {} down{}", quoted(provisioner), off(down))
}

/// The line that begins chaos, or ends it.
pub fn chaos_line(chaos: Option<&Chaos>) -> String {
    let Some(Chaos { seed, every_seconds, set, at_least, invariant }) = chaos else {
        return "fault chaos off".to_owned();
    };
    let mut line = format!("fault chaos {} seed={seed} every={every_seconds}s", quoted(&set.name));
    // Writing to a string cannot fail.
    let _ = write!(line, " {}={at_least} -n {}", invariant.name(), quoted(&set.namespace));
    line
}

fn off(on: bool) -> &'static str {
    if on { "" } else { " off" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::config::Config;

    fn cluster() -> Cluster {
        let mut cluster = Cluster::new(Config::default());
        cluster.execute(&Command::Apply { manifest: include_str!("../../scenarios/web.yaml").to_owned() });
        cluster.run_until(cluster.now() + Millis::from_secs(60));
        cluster
    }

    fn parsed(cluster: &Cluster, line: &str) -> Result<Command, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        parse(&operands(&words, "n"), option_value(&words, 'n').unwrap_or("default"), cluster)
    }

    #[test]
    fn lines_are_read_as_they_are_written() {
        let cluster = cluster();
        let pod = ObjectRef::new(Kind::Pod, "julin", "web-0");
        for (name, change) in SWITCHES {
            for on in [true, false] {
                let mut faults = PodFaults::default();
                change(&mut faults, on);
                let command = Command::SetFaults { pod: pod.clone(), faults };
                assert_eq!(parsed(&cluster, &pod_line(&pod, name, on)), Ok(command));
            }
        }
        let kill = Command::KillContainers { pod: pod.clone() };
        assert_eq!(parsed(&cluster, &pod_line(&pod, "kill", true)), Ok(kill));
        for down in [true, false] {
            let node = Command::SetNodeDown { node: "node1".to_owned(), down };
            assert_eq!(parsed(&cluster, &node_line("node1", down)), Ok(node));
            let provisioner = "fuseim.pri/ifs".to_owned();
            let line = provisioner_line(&provisioner, down);
            assert_eq!(parsed(&cluster, &line), Ok(Command::SetProvisionerDown { provisioner, down }));
        }
        let set = ObjectRef::new(Kind::StatefulSet, "julin", "web");
        for invariant in Invariant::ALL {
            let chaos = Chaos { seed: 7, every_seconds: 30, set: set.clone(), at_least: 2, invariant };
            let line = chaos_line(Some(&chaos));
            assert_eq!(parsed(&cluster, &line), Ok(Command::SetChaos { chaos: Some(chaos) }));
        }
        assert_eq!(parsed(&cluster, &chaos_line(None)), Ok(Command::SetChaos { chaos: None }));
        let fault = ApiFault { per_mille: 200, ..ApiFault::default() };
        assert_eq!(parsed(&cluster, "fault api conflicts 20%"), Ok(Command::InjectFault { fault }));
        assert_eq!(parsed(&cluster, "fault api latency 1.5s"), Ok(Command::SetLatency { latency: Millis(1500) }));
    }

    #[test]
    fn one_fault_leaves_the_others_and_what_is_not_known_is_said() {
        let mut cluster = cluster();
        let pod = ObjectRef::new(Kind::Pod, "julin", "web-0");
        for line in ["crash", "slow", "crash off"] {
            let command = parsed(&cluster, &format!("fault pod web-0 {line} -n julin")).expect("a fault");
            cluster.execute(&command);
        }
        let faults = cluster.controllers.kubelet.faults(&pod);
        assert_eq!(faults, PodFaults { slow_start_seconds: SLOW_START_SECONDS, ..PodFaults::default() });
        let refused = |line: &str| parsed(&cluster, line).expect_err("a refusal");
        assert_eq!(refused("fault node lost down"), "there is no node/lost");
        assert_eq!(refused("fault pod web-0 tired"), "\"tired\" is not known, see 'fault help'");
        assert_eq!(refused("fault api conflicts 0"), "the share is a number from 1 to 100, in percent");
        assert_eq!(refused("fault chaos web speed=1 -n julin"), "\"speed=1\" is not known, see 'fault help'");
        assert_eq!(refused("fault weather"), "see 'fault help'");
    }
}

//! How long a process and all it has waited for kept the processors busy.

use std::process::Child;
use std::time::Duration;

/// Waits for its end: whether it succeeded, and its CPU time where the system tells it.
pub fn wait(child: &mut Child) -> (bool, Option<Duration>) {
    let cpu = ended(child).and_then(|()| used(&std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?));
    (child.wait().is_ok_and(|status| status.success()), cpu)
}

/// Waits, and leaves it to be asked: once it is waited for as usual, nobody can tell any more.
fn ended(child: &Child) -> Option<()> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
    Some(())
}

/// The fields 14 to 17 of `/proc/PID/stat`: its own time and that of its children, in the program and in the system.
fn used(stat: &str) -> Option<Duration> {
    // The name in parentheses may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').skip(11).take(4).map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_millis(ticks * 1_000 / per_second.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_stat_is_read_after_the_name() {
        let ticks = rustix::param::clock_ticks_per_second();
        let stat = format!("7 (a) b 1) S 1 2 3 4 5 6 7 8 9 10 {ticks} {ticks} {ticks} {ticks} 20 0 1");
        assert_eq!(used(&stat), Some(Duration::from_secs(4)));
        assert_eq!(used("7 (a"), None);
    }

    #[test]
    fn what_a_child_of_a_child_has_used_is_counted() {
        let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let mut child = Command::new("sh").args(["-c", &format!("sh -c '{busy}'; exit 3")]).spawn().unwrap();
        let (succeeded, cpu) = wait(&mut child);
        assert!(!succeeded);
        assert!(cpu.unwrap() >= Duration::from_millis(30), "{cpu:?}");
    }
}

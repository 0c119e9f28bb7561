//! The application's processes where the pod shares its process namespace: a container's first
//! process is found by the volumes that it has mounted, and gets the signal itself.
//!
//! Only who runs as the refresher's user can be signalled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{major, minor};
use rustix::process::{Pid, Signal, kill_process};
use rustix_libc_wrappers::process::SignalExt as _;

use crate::spec::layout::SUPERVISION_DIR;
use crate::spec::{ContainerName, SignalName};

/// The containers without a supervisor.
pub(super) struct Neighbours {
    containers: BTreeSet<ContainerName>,
    /// The directories of the volumes with the files.
    volumes: Vec<PathBuf>,
}

impl Neighbours {
    pub(super) fn new(containers: BTreeSet<ContainerName>, volumes: Vec<PathBuf>) -> Self {
        Self {
            containers,
            volumes,
        }
    }

    /// Sends the signal to the first process of each container. `told` has their names when all of
    /// them have got it, and nobody gets it then: which process is whose cannot be known.
    ///
    /// # Errors
    /// When not all were found.
    pub(super) fn signal(
        &self,
        signal: SignalName,
        told: &mut BTreeSet<ContainerName>,
    ) -> Result<(), String> {
        if self.containers.is_subset(told) {
            return Ok(());
        }
        let signal = Signal::from_raw(signal.number()).ok_or("this system has no such signal")?;
        let devices = self.volumes.iter().filter_map(|volume| device(volume));
        let found = first_processes(Path::new("/proc"), &devices.collect());
        let sent = found.into_iter().filter(|process| {
            let process = Pid::from_raw(*process);
            process.is_some_and(|process| kill_process(process, signal).is_ok())
        });
        let (sent, wanted) = (sent.count(), self.containers.len());
        if sent >= wanted {
            told.extend(self.containers.iter().cloned());
            return Ok(());
        }
        let names: Vec<_> = self.containers.iter().map(ContainerName::as_str).collect();
        Err(format!(
            "{sent} of {wanted} applications got it: {} must run, as the user that the refresher runs as",
            names.join(", ")
        ))
    }
}

/// The device of a volume's file system, as `/proc/PID/mountinfo` names it.
fn device(volume: &Path) -> Option<String> {
    let device = fs::metadata(volume).ok()?.dev();
    Some(format!("{}:{}", major(device), minor(device)))
}

/// The first process of each container but this one that has one of the devices mounted and no
/// supervisor. What `kubectl exec` has started later is none.
fn first_processes(proc: &Path, devices: &BTreeSet<String>) -> Vec<i32> {
    let own = namespace(&proc.join("self"), devices);
    let mut first: BTreeMap<String, (u64, i32)> = BTreeMap::new();
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse::<i32>().ok()?;
        Some((process, entry.path()))
    });
    for (process, directory) in processes {
        let namespace = namespace(&directory, devices).filter(|found| Some(found) != own.as_ref());
        if let (Some(started), Some(namespace)) = (started(&directory), namespace) {
            let first = first.entry(namespace).or_insert((started, process));
            *first = (*first).min((started, process));
        }
    }
    first.into_values().map(|(_, process)| process).collect()
}

/// When a process without a parent in the pod was started, in ticks since the machine's start (the
/// 4th and the 22nd field of proc_pid_stat(5)).
fn started(directory: &Path) -> Option<u64> {
    let stat = fs::read_to_string(directory.join("stat")).ok()?;
    // The name in parentheses may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(1);
    let has_parent = fields.next()? != "0";
    let started = fields.nth(17)?;
    started.parse().ok().filter(|_| !has_parent)
}

/// The mount namespace of a process that has one of the devices mounted, by the number of its first
/// mount, which no other namespace has (proc_pid_mountinfo(5)). `ns/mnt` would need more rights.
fn namespace(directory: &Path, devices: &BTreeSet<String>) -> Option<String> {
    let mounts = fs::read_to_string(directory.join("mountinfo")).ok()?;
    let (first, _) = mounts.split_once(' ')?;
    let mut has_files = false;
    for mount in mounts.lines() {
        let mut fields = mount.split(' ').skip(2);
        let (device, mount_point) = (fields.next()?, fields.nth(1)?);
        if mount_point == SUPERVISION_DIR {
            return None;
        }
        has_files |= devices.contains(device);
    }
    has_files.then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process as `/proc` shows it, with its parent, the time of its start, its first mount and a
    /// second one: device and directory.
    fn process(proc: &Path, name: &str, (parent, started): (i32, u64), first: u32, mount: &str) {
        let directory = proc.join(name);
        fs::create_dir(&directory).expect("a process");
        let zeros = "0 ".repeat(17);
        let stat = format!("{name} (a ) 0 b) S {parent} {zeros}{started} 0\n");
        fs::write(directory.join("stat"), stat).expect("stat");
        let (device, place) = mount.split_once(' ').expect("two words");
        let mounts = format!(
            "{first} 1 0:1 / / ro - overlay overlay rw\n\
             {} {first} {device} / {place} ro - tmpfs tmpfs rw\n",
            first + 1
        );
        fs::write(directory.join("mountinfo"), mounts).expect("mountinfo");
    }

    #[test]
    fn the_first_process_of_each_container_with_the_files_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let proc = folder.path();
        let files = "0:90 /secrets";
        process(proc, "1", (0, 1), 100, "0:2 /dev");
        process(proc, "7", (0, 7), 200, files);
        process(proc, "8", (7, 8), 200, files);
        process(proc, "9", (0, 100), 300, files);
        process(proc, "10", (0, 20), 300, files);
        process(proc, "12", (0, 12), 400, "0:9 /secrets");
        process(proc, "14", (0, 14), 600, files);
        process(proc, "15", (0, 15), 600, files);
        process(proc, "self", (0, 14), 600, files);
        fs::create_dir(proc.join("sys")).expect("no process");
        fs::create_dir(proc.join("16")).expect("one that ends");
        let devices = BTreeSet::from(["0:90".to_owned()]);
        assert_eq!(first_processes(proc, &devices), [7, 10]);

        process(proc, "17", (0, 17), 700, &format!("0:90 {SUPERVISION_DIR}"));
        assert_eq!(first_processes(proc, &devices), [7, 10]);
    }

    #[test]
    fn the_real_files_are_read() {
        let own = Path::new("/proc/self");
        let device = device(Path::new("/proc")).expect("a device");
        assert!(namespace(own, &BTreeSet::from([device])).is_some());
        assert_eq!(namespace(own, &BTreeSet::new()), None);
        assert_eq!(started(own), None, "a test has a parent");
    }
}

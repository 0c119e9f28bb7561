//! Which file lies in which directory, and which directories cannot be.

use std::collections::BTreeMap;

use super::PodValues;
use super::files::NamedFile;
use super::vocabulary::Key;
use crate::dialect::Problem;
use crate::dialect::findings::{Findings, at, listed};
use crate::spec::{FileSpec, Mount, MountDirectory, VolumeName, layout};

/// The directory of the files that name none.
const DEFAULT_DIRECTORY: &str = "/secrets";

/// Places of the container runtime and of Kubernetes: a volume over, in or around them would keep
/// the container from starting, or hide what it needs.
pub(in crate::dialect) const RESERVED: [&str; 8] = [
    "/proc",
    "/sys",
    "/dev",
    "/var/run/secrets/kubernetes.io/serviceaccount",
    // `/var/run` is a link to `/run` in most images.
    "/run/secrets/kubernetes.io/serviceaccount",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
];

/// The mounts in the order of their volumes' names, each with its files in the order of theirs.
pub(super) fn arrange(
    files: Vec<NamedFile>,
    pod: &PodValues<'_>,
    findings: &mut Findings,
) -> Vec<Mount> {
    let default = default_directory(pod, findings);
    let mut directories: BTreeMap<MountDirectory, Vec<NamedFile>> = BTreeMap::new();
    for file in files {
        let directory = file.directory.clone().or_else(|| default.clone());
        if let Some(directory) = directory {
            directories.entry(directory).or_default().push(file);
        }
    }
    refuse_reserved(&directories, findings);
    refuse_overlaps(&directories, findings);
    for (directory, files) in &directories {
        refuse_conflicts(directory, files, findings);
    }
    if let (Some(key), Some(default)) = (pod.get(&Key::MountPath), &default)
        && !directories.is_empty()
        && !directories.contains_key(default)
    {
        let message = "has no effect: every file names a directory of its own";
        findings.warn(at(&Key::MountPath.annotation("")).with(key, message));
    }
    volumes(directories, default.as_ref())
}

/// `None` when the annotation is bad, which is told.
fn default_directory(pod: &PodValues<'_>, findings: &mut Findings) -> Option<MountDirectory> {
    match pod.get(&Key::MountPath) {
        Some(text) => findings.value(&Key::MountPath.annotation(""), text),
        None => DEFAULT_DIRECTORY.parse().ok(),
    }
}

/// Where a problem of a directory is told: at the annotation that names it.
fn named_by(files: &[NamedFile]) -> String {
    files
        .iter()
        .find(|file| file.directory.is_some())
        .map_or_else(
            || Key::MountPath.annotation(""),
            |file| Key::FileMountPath.annotation(file.file.name.as_str()),
        )
}

fn refuse_reserved(
    directories: &BTreeMap<MountDirectory, Vec<NamedFile>>,
    findings: &mut Findings,
) {
    for (directory, files) in directories {
        if let Some(place) = RESERVED.into_iter().find(|place| directory.overlaps(place)) {
            let message = format!("must keep clear of {place}, which Kubernetes provides");
            findings.problem(at(&named_by(files)).with(directory.as_str(), message));
        }
    }
}

/// One mount inside another would depend on the order of mounting, and the outer one is read-only.
fn refuse_overlaps(
    directories: &BTreeMap<MountDirectory, Vec<NamedFile>>,
    findings: &mut Findings,
) {
    for (inner, inner_files) in directories {
        for ancestor in ancestors(inner.as_str()) {
            let outer = ancestor
                .parse::<MountDirectory>()
                .ok()
                .and_then(|outer| directories.get_key_value(&outer));
            if let Some((outer, outer_files)) = outer {
                findings.problem(overlap(outer, outer_files, inner, inner_files));
            }
        }
    }
}

/// The paths above `path`, the longest first: of `a/b/c`, `a/b` and `a`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(at, _)| &path[..at])
}

fn overlap(
    outer: &MountDirectory,
    outer_files: &[NamedFile],
    inner: &MountDirectory,
    inner_files: &[NamedFile],
) -> Problem {
    // The default is nobody's mistake: the annotation that disagrees with it is.
    let inner_is_named = inner_files.iter().any(|file| file.directory.is_some());
    let (told, other, others, relation) = if inner_is_named {
        (inner, outer, outer_files, "inside")
    } else {
        (outer, inner, inner_files, "around")
    };
    let told_files = if inner_is_named {
        inner_files
    } else {
        outer_files
    };
    let names: Vec<&str> = others.iter().map(|file| file.file.name.as_str()).collect();
    at(&named_by(told_files)).with(
        told.as_str(),
        format!(
            "must not lie {relation} {other}, the directory of {}: give them the same directory, or two beside each other",
            listed(&names)
        ),
    )
}

fn refuse_conflicts(directory: &MountDirectory, files: &[NamedFile], findings: &mut Findings) {
    let mut by_path: BTreeMap<&str, &NamedFile> = BTreeMap::new();
    for file in files {
        if let Some(other) = by_path.insert(file.file.path.as_str(), file) {
            findings.problem(conflict(directory, file, "is also the file of", other));
        }
    }
    for (path, file) in &by_path {
        for outer in ancestors(path).filter_map(|ancestor| by_path.get(ancestor)) {
            findings.problem(conflict(directory, file, "lies inside the file of", outer));
        }
    }
}

fn conflict(
    directory: &MountDirectory,
    file: &NamedFile,
    clash: &str,
    other: &NamedFile,
) -> Problem {
    // Two names differ, so of two equal paths at least one was given; an inner one always was.
    let (told, other) = match file.names_its_path {
        true => (&file.file, &other.file),
        false => (&other.file, &file.file),
    };
    at(&Key::File.annotation(told.name.as_str())).with(
        told.path.as_str(),
        format!(
            "{clash} {:?}, {directory}/{}: each name needs a path of its own",
            other.name.as_str(),
            other.path
        ),
    )
}

/// The default directory's volume has the plain name; the others are numbered in the order of
/// their paths.
fn volumes(
    directories: BTreeMap<MountDirectory, Vec<NamedFile>>,
    default: Option<&MountDirectory>,
) -> Vec<Mount> {
    let mut number = 1;
    let mut mounts: Vec<Mount> = directories
        .into_iter()
        .filter_map(|(directory, files)| {
            let volume: VolumeName = if Some(&directory) == default {
                layout::SECRETS_VOLUME.parse().ok()?
            } else {
                number += 1;
                format!("{}-{number}", layout::SECRETS_VOLUME)
                    .parse()
                    .ok()?
            };
            Some(mount(volume, directory, files))
        })
        .collect();
    mounts.sort_by(|one, two| one.volume.cmp(&two.volume));
    mounts
}

fn mount(volume: VolumeName, directory: MountDirectory, files: Vec<NamedFile>) -> Mount {
    let mut files: Vec<FileSpec> = files.into_iter().map(|named| named.file).collect();
    files.sort_by(|one, two| one.name.cmp(&two.name));
    Mount {
        files,
        ..Mount::new(volume, directory)
    }
}

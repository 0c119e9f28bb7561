//! Which file lies in which volume. The directory of the whole pod is mounted always; each other
//! directory is a volume of its own, but for one that lies inside another: that is a folder of it,
//! because nothing can be mounted inside a volume that is read-only.

use std::collections::BTreeMap;

use super::annotations::Reader;
use super::files::AskedFile;
use super::place;
use super::vocabulary::Key;
use crate::dialect::findings::at;
use crate::dialect::native::RESERVED_DIRECTORIES;
use crate::spec::{FilePath, FileSpec, Invalid, Mount, MountDirectory, VolumeName, layout};

/// The directory of a pod that names none.
const DEFAULT_DIRECTORY: &str = "/vault/secrets";

/// A file of a directory, and where a conflict is told.
type Placed = (FileSpec, String);

/// The mounts in the order of their volumes' names, each with its files in the order of theirs.
pub(super) fn arrange(files: Vec<AskedFile>, reader: &mut Reader<'_, '_>) -> Vec<Mount> {
    let default = match reader.given.get(Key::VolumePath) {
        None => DEFAULT_DIRECTORY.parse().ok(),
        Some(given) => place::directory(given)
            .map_err(|problem| reader.findings.problem(problem))
            .ok(),
    };
    let Some(default) = default else {
        return Vec::new();
    };
    let mut directories: BTreeMap<MountDirectory, Vec<Placed>> = BTreeMap::new();
    directories.entry(default.clone()).or_default();
    for asked in &files {
        let directory = asked.directory.as_ref().unwrap_or(&default);
        directories.entry(directory.clone()).or_default();
    }
    let outermost: Vec<MountDirectory> = directories
        .keys()
        .filter(|inner| {
            !directories
                .keys()
                .any(|outer| place::below(outer, inner).is_some())
        })
        .cloned()
        .collect();
    directories.retain(|directory, _| outermost.contains(directory));
    for asked in files {
        let told_at = asked.told_at;
        let directory = asked.directory.unwrap_or_else(|| default.clone());
        match within(&outermost, &directory, asked.file) {
            Ok((outer, file)) => directories.entry(outer).or_default().push((file, told_at)),
            Err(invalid) => {
                let problem = at(&told_at).say(invalid.to_string());
                reader.findings.problem(problem);
            }
        }
    }
    refuse_reserved(&directories, reader);
    for (directory, files) in &directories {
        refuse_conflicts(directory, files, reader);
    }
    volumes(directories, &default)
}

/// The directory that is mounted, and the file below it.
fn within(
    outermost: &[MountDirectory],
    directory: &MountDirectory,
    file: FileSpec,
) -> Result<(MountDirectory, FileSpec), Invalid> {
    for outer in outermost {
        if let Some(folder) = place::below(outer, directory) {
            let path = format!("{folder}/{}", file.path).parse()?;
            return Ok((outer.clone(), FileSpec { path, ..file }));
        }
    }
    Ok((directory.clone(), file))
}

fn refuse_reserved(
    directories: &BTreeMap<MountDirectory, Vec<Placed>>,
    reader: &mut Reader<'_, '_>,
) {
    for directory in directories.keys() {
        let mut reserved = RESERVED_DIRECTORIES.into_iter();
        let Some(place) = reserved.find(|place| directory.overlaps(place)) else {
            continue;
        };
        let own = reader.given.family(Key::VolumePathOf);
        let mut own = own.filter(|(_, given)| place::directory(*given).as_ref() == Ok(directory));
        let key = match own.next() {
            Some((_, given)) => given.key.to_owned(),
            None => reader.given.name(Key::VolumePath),
        };
        let message = format!("must keep clear of {place}, which Kubernetes provides");
        let problem = at(&key).with(directory.as_str(), message);
        reader.findings.problem(problem);
    }
}

fn refuse_conflicts(directory: &MountDirectory, files: &[Placed], reader: &mut Reader<'_, '_>) {
    let mut by_path: BTreeMap<&FilePath, &str> = BTreeMap::new();
    for (file, told_at) in files {
        let path = &file.path;
        let equal = by_path.insert(path, told_at).map(|other| (path, other));
        let inside = || {
            let mut others = by_path.iter();
            let conflict = others.find(|(other, _)| path.conflicts_with(other));
            conflict.map(|(other, told_at)| (*other, *told_at))
        };
        if let Some((other, other_key)) = equal.or_else(inside) {
            let problem = at(told_at).say(format!(
                "its file {directory}/{path} cannot be beside {directory}/{other} of {other_key}: give one of them another with agent-inject-file-<name>, or keep the case of both with preserve-secret-case"
            ));
            reader.findings.problem(problem);
        }
    }
}

/// The pod's own directory has the plain name; the others are numbered in the order of their paths.
fn volumes(
    directories: BTreeMap<MountDirectory, Vec<Placed>>,
    default: &MountDirectory,
) -> Vec<Mount> {
    let is_default = |directory: &MountDirectory| {
        directory == default || place::below(directory, default).is_some()
    };
    let mut number = 1;
    let mut mounts = Vec::new();
    for (directory, files) in directories {
        let name = match is_default(&directory) {
            true => layout::SECRETS_VOLUME.to_owned(),
            false => {
                number += 1;
                format!("{}-{number}", layout::SECRETS_VOLUME)
            }
        };
        let Ok(volume) = name.parse::<VolumeName>() else {
            continue;
        };
        let mut files: Vec<_> = files.into_iter().map(|(file, _)| file).collect();
        files.sort_by(|one, two| one.name.cmp(&two.name));
        mounts.push(Mount {
            files,
            ..Mount::new(volume, directory)
        });
    }
    mounts.sort_by(|one, two| one.volume.cmp(&two.volume));
    mounts
}

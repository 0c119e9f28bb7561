//! A Git repository that Argo CD reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::kubectl::output;

/// Where Argo CD looks; it is in memory, and ends with the cluster.
const FOLDER: &str = "/run/gitops/git";

/// A bare repository, and a work tree to commit from.
pub(crate) struct Repository {
    bare: PathBuf,
    tree: PathBuf,
}

impl Repository {
    /// An empty one, in place of an earlier one of that name.
    #[track_caller]
    pub(crate) fn new(name: &str) -> Self {
        let bare = Path::new(FOLDER).join(format!("{name}.git"));
        let tree = Path::new(FOLDER).join(name);
        for folder in [&bare, &tree] {
            let _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder)
                .expect("a folder below /run/gitops, which tests/run gitops makes");
        }
        let repository = Self { bare, tree };
        let bare = repository.bare();
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main", &bare]);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for (key, value) in [
            ("user.name", "Tests"),
            ("user.email", "tests@freshet.test"),
            ("remote.origin.url", &bare),
            ("branch.main.remote", "origin"),
            ("branch.main.merge", "refs/heads/main"),
        ] {
            repository.git(&["config", key, value]);
        }
        repository
    }

    /// What an Application calls it.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.bare())
    }

    /// Writes files, `(path, text)`, and pushes them as one commit; its id.
    #[track_caller]
    pub(crate) fn push(&self, message: &str, files: &[(String, String)]) -> String {
        for (path, text) in files {
            let path = self.tree.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["push", "--quiet"]);
        self.head()
    }

    /// The id of the newest commit.
    #[track_caller]
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// The work tree.
    pub(crate) fn tree(&self) -> String {
        self.tree.display().to_string()
    }

    /// Every byte that it keeps: all commits, all files of all times.
    #[track_caller]
    pub(crate) fn everything(&self) -> String {
        let bare = format!("--git-dir={}", self.bare());
        self.git(&[&bare, "cat-file", "--batch-all-objects", "--batch"])
    }

    fn bare(&self) -> String {
        self.bare.display().to_string()
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(args)
            .current_dir(&self.tree)
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        let done = output(&mut git, "");
        assert!(done.ok, "git {args:?}: {}", done.stderr);
        done.stdout
    }
}

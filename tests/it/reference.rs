//! The README's references of the annotations are the vocabularies' own.

use std::fs;
use std::path::Path;

use freshet::dialect::{native, vault_k8s};

#[test]
fn the_readme_lists_the_annotations_as_the_vocabularies_have_them() {
    check("annotations", native::reference);
    check("vault-k8s", vault_k8s::reference);
}

fn check(name: &str, reference: fn() -> String) {
    let begin = format!("<!-- {name}: begin -->\n");
    let end = format!("<!-- {name}: end -->");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme
        .split_once(&begin)
        .expect("README.md has the marker that begins the reference");
    let (found, after) = rest
        .split_once(&end)
        .expect("README.md has the marker that ends the reference");
    let wanted = reference();
    if found == wanted {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, format!("{before}{begin}{wanted}{end}{after}"))
            .expect("README.md is writable");
        return;
    }
    panic!(
        "README.md's reference {name} is not the vocabulary's (src/dialect/*/vocabulary.rs).\n\
         Rewrite it with: UPDATE_EXPECT=1 cargo test --test it reference\n\nwanted:\n{wanted}\nfound:\n{found}"
    );
}

//! The README's reference of the annotations is the vocabulary's own.

use std::fs;
use std::path::Path;

use freshet::dialect::native::reference;

const BEGIN: &str = "<!-- annotations: begin -->\n";
const END: &str = "<!-- annotations: end -->";

#[test]
fn the_readme_lists_the_annotations_as_the_vocabulary_has_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("README.md has the marker that begins the reference");
    let (found, after) = rest
        .split_once(END)
        .expect("README.md has the marker that ends the reference");
    let wanted = reference();
    if found == wanted {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}"))
            .expect("README.md is writable");
        return;
    }
    panic!(
        "README.md's reference of the annotations is not the vocabulary's (src/dialect/native/vocabulary.rs).\n\
         Rewrite it with: UPDATE_EXPECT=1 cargo test --test it reference\n\nwanted:\n{wanted}\nfound:\n{found}"
    );
}

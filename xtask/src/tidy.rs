//! The repository's own rules: what no compiler checks.
//!
//! | file | rule |
//! |---|---|
//! | [`words`] | docs and comments can be read alone |
//! | [`files`] | a file is one idea; a wire file names its source |
//! | [`layers`] | what must not be named where |
//! | [`circles`] | which files may import each other |
//! | [`places`] | every feature is in every place where it has to be |

mod circles;
mod files;
mod layers;
mod places;
mod tree;
mod words;

use crate::run::root;

pub(crate) fn run() -> Result<(), String> {
    let faults = faults();
    if faults.is_empty() {
        println!("\ntidy: the repository keeps its own rules");
        Ok(())
    } else {
        Err(format!("tidy:\n  {}\n{} to mend", faults.join("\n  "), faults.len()))
    }
}

fn faults() -> Vec<String> {
    let root = root();
    let sources = tree::sources(&root);
    let mut faults = Vec::new();
    for source in &sources {
        words::check(source, &mut faults);
        files::check(source, &mut faults);
        layers::check(source, &mut faults);
    }
    circles::check(&sources, &mut faults);
    places::check(&root, &sources, &mut faults);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_keeps_its_own_rules() {
        assert_eq!(faults(), Vec::<String>::new());
    }
}

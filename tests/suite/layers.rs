//! Who may import whom.

use std::fs;
use std::path::{Path, PathBuf};

const FEATURES: &[&str] = &[
    "access",
    "articles",
    "batch",
    "changes",
    "citations",
    "feeds",
    "import_jobs",
    "labels",
    "merges",
    "metrics",
    "pages",
    "people",
    "quotes",
    "search",
    "voices",
    "webhooks",
];

/// The modules of this crate that a file names: `crate::db::schema` gives `db::schema`.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group[..group.find(';').unwrap_or(group.len())]
                .split(',')
                .map(|path| path.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned())
                .filter(|path| !path.is_empty())
                .collect(),
            None => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
                vec![rest[..end].trim_end_matches(':').to_owned()]
            }
        })
        .collect()
}

fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Why `file` may not import `target`, where it may not.
fn objection(file: &str, target: &str) -> Option<&'static str> {
    let place = file.trim_end_matches(".rs").split('/').next().unwrap_or_default();
    let name = file.rsplit('/').next().unwrap_or_default();
    let root = target.split("::").next().unwrap_or_default();
    let leaf = target.split("::").nth(1).unwrap_or_default();
    let only = |allowed: &[&str], objection| (root != place && !allowed.contains(&root)).then_some(objection);
    match place {
        "values" => only(&[], "values imports nothing of ours"),
        "attribution" => only(&[], "attribution is pure text in, quotes out"),
        "clock" => only(&[], "the clock imports nothing of ours"),
        "db" => only(&["values"], "db knows connections and values"),
        "http" => only(&["db", "values"], "http imports no feature"),
        "config" => only(&["db"], "the configuration knows only what an address is"),
        "imports" => match root {
            "http" | "server" | "cli" | "config" | "state" => Some("imports know no HTTP"),
            _ if leaf == "api" || leaf == "wire" => Some("imports speak to db, not to api"),
            _ => None,
        },
        feature if FEATURES.contains(&feature) => match root {
            "cli" | "server" | "config" => Some("only cli and server see these"),
            "http" | "state" if name == "db.rs" => Some("db.rs knows no HTTP"),
            other if FEATURES.contains(&other) && other != feature && leaf == "api" => {
                Some("no feature imports another's api")
            }
            _ => None,
        },
        "state" => (FEATURES.contains(&root) || root == "config").then_some("the state knows no feature"),
        "server" => (root == "cli").then_some("the server does not know the command line"),
        _ => None,
    }
}

#[test]
fn every_module_imports_only_what_it_may() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut objections = Vec::new();
    for path in &files {
        let file = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        for target in imports(&text) {
            if let Some(reason) = objection(&file, &target) {
                objections.push(format!("{file} imports {target}: {reason}"));
            }
        }
        if file.ends_with("/db.rs") && text.contains("actix") {
            objections.push(format!("{file} names actix"));
        }
    }
    assert!(files.len() > 40);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

#[test]
fn the_rule_sees_imports_of_every_form() {
    let text = "use crate::db::schema;\nuse crate::{imports, articles::api};\nfn f() { crate::http::page::x() }";
    assert_eq!(imports(text), ["db::schema", "imports", "articles::api", "http::page::x"]);
    assert!(objection("values/id.rs", "db::schema").is_some());
    assert!(objection("quotes/api.rs", "articles::api").is_some());
    assert!(objection("quotes/api.rs", "articles::db").is_none());
    assert!(objection("quotes/db.rs", "http::error").is_some());
}

//! Files that are generated: each is what it would be if it were generated now.

use std::path::Path;

use crate::support::cluster::client;
use crate::support::{TestDatabase, block_on, schema_writer};

/// Set this variable to write the files instead of comparing them.
const UPDATE: &str = "UPDATE_GENERATED";

/// Whether files are written, not compared.
pub fn is_updating() -> bool {
    std::env::var_os(UPDATE).is_some()
}

/// Fails where a file is not what it would be if it were generated now.
pub fn compare(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if is_updating() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is out of date: run `{UPDATE}=1 cargo test generated`");
}

#[test]
fn the_stored_api_document_is_the_one_of_the_handlers() {
    compare("openapi/openapi.json", &verbatim::server::openapi_json());
}

#[test]
fn the_example_of_settings_is_the_one_of_the_configuration() {
    compare(".env.example", &verbatim::config::env_example());
}

#[test]
fn the_schema_is_the_one_of_the_migrations() {
    let database = TestDatabase::migrated();
    let schema = block_on(async { schema_writer::write_schema(&client(&database.url).await).await.unwrap() });
    compare("src/db/schema.rs", &schema);
}

//! How many statements a request costs: a fixed number, however many rows it shows.

use crate::support::cluster::scratch_directory;
use crate::support::proxy::RecordingProxy;
use crate::support::{TestDatabase, TestServer, block_on};

#[test]
fn a_list_costs_the_same_number_of_statements_for_one_row_and_for_thirty() {
    let database = TestDatabase::migrated();
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, &[]);
    server.import_sources(verbatim::imports::sample_sources(), verbatim::clock::Clock::System);
    for (path, statements) in [
        ("/v1/articles?", 4),
        ("/v1/articles?label=harbour&", 5),
        ("/v1/articles?label=harbour&label[none]=courts&quoted=lida-renn&author=lida-renn&count=exact&", 9),
        ("/v1/quotes?speaker=lida-renn&label=harbour&kind=pull&", 7),
        ("/v1/people?quoted_on_label=harbour&min_quotes=2&", 5),
        ("/v1/articles?include=quotes&", 6),
        ("/v1/articles?include=quotes.speaker,labels,authors&", 18),
        ("/v1/articles?q=bell&", 6),
        ("/v1/articles?q=bell&sort=title&highlight=true&count=exact&", 7),
        ("/v1/quotes?q=bell&highlight=true&count=exact&", 9),
        ("/v1/people?q=tolliver&", 4),
        ("/v1/labels?q=ferry&", 4),
        ("/v1/suggest?q=fer&limit=1", 2),
        ("/v1/suggest?q=fer&limit=20", 2),
        ("/v1/search?q=ferry&limit=1", 11),
        ("/v1/search?q=ferry&limit=20", 11),
        ("/v1/quotes?", 5),
        ("/v1/quotes?include=speaker&", 9),
        ("/v1/people?", 4),
        ("/v1/labels?", 4),
        ("/v1/people/maren-tolliver-haag/quotes?", 6),
        ("/v1/voices?", 1),
        ("/v1/voices?label=harbour&label[none]=courts&interval=month&by=affiliation&", 3),
        ("/v1/labels/harbour/voices?interval=year&", 3),
        ("/v1/people/maren-tolliver-haag/co-quoted?", 2),
        ("/v1/labels/harbour/related?", 2),
        ("/v1/quotes/sample?label=harbour&speaker=lida-renn&n=1", 7),
        ("/v1/quotes/sample?label=harbour&speaker=lida-renn&n=30", 7),
        ("/v1/labels/resolve?line=Labels:+Harbour,+Heritage,+nothing,+no+label", 2),
        ("/v1/articles/the-ferry-bell-comes-home?include=quotes", 6),
        ("/v1/articles/the-ferry-bell-comes-home?annotate=quotes", 6),
        ("/v1/articles/the-ferry-bell-comes-home?include=quotes&annotate=quotes&offsets=utf16", 7),
        ("/v1/articles?include=quotes&offsets=utf16&", 7),
        ("/v1/quotes?offsets=utf16&", 6),
    ] {
        for limit in ["limit=1", "limit=30"] {
            let path = if path.ends_with(['?', '&']) { format!("{path}{limit}") } else { path.to_owned() };
            // The first time a connection is used for a statement it is prepared, which runs nothing.
            server.get(&path);
            let seen = proxy.record(|| assert_eq!(server.get(&path).status, 200));
            assert_eq!(seen.len(), statements, "{path}");
        }
    }
}

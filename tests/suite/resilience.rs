//! What happens when the database goes away, or takes too long.

use crate::support::{TestServer, wait_until};

#[test]
fn a_database_that_went_away_is_a_503_and_heals_by_itself() {
    let server = TestServer::with_sample();
    assert_eq!(server.get("/v1/articles").status, 200);
    server.database.let_in(false);
    server.database.end_sessions();
    wait_until("the loss is noticed", || server.get("/health/ready").status == 503);
    for path in ["/v1/articles", "/v1/people/x", "/health/ready"] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{path}");
        let problem = answer.problem();
        assert_eq!(problem["code"], "database_unavailable");
        assert!(!answer.text.contains("verbatim-test"), "internals stay inside: {}", answer.text);
    }
    assert_eq!(server.get("/health/live").status, 200, "the server itself is alive");
    server.database.let_in(true);
    wait_until("the server is well again", || server.get("/health/ready").status == 200);
    assert_eq!(server.get("/v1/articles").status, 200);
}

#[test]
fn ended_sessions_cost_at_most_the_requests_under_way() {
    let server = TestServer::with_sample();
    for _ in 0..5 {
        assert_eq!(server.get("/v1/articles").status, 200);
        server.database.end_sessions();
        wait_until("the server is well again", || server.get("/v1/articles").status == 200);
    }
}

#[test]
fn a_statement_that_takes_too_long_is_given_up() {
    let server = TestServer::with(&[("VERBATIM_STATEMENT_TIMEOUT", "1")]);
    server.database.execute("ALTER TABLE articles RENAME TO slow_articles");
    server.database.execute("CREATE VIEW articles AS SELECT slow_articles.* FROM slow_articles, pg_sleep(20)");
    let answer = server.get("/v1/articles");
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem()["code"], "request_timeout");
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    let server = TestServer::with(&[("VERBATIM_REQUEST_TIMEOUT", "1")]);
    server.database.execute("ALTER TABLE articles RENAME TO slow_articles");
    server.database.execute("CREATE VIEW articles AS SELECT slow_articles.* FROM slow_articles, pg_sleep(20)");
    let answer = server.get("/v1/articles");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    let problem = answer.problem();
    assert_eq!(problem["code"], "request_timeout");
    assert_eq!(problem["instance"], "/v1/articles");
}

#[test]
fn a_failure_tells_the_client_nothing_of_the_inside() {
    let server = TestServer::start();
    server.database.execute("ALTER TABLE article_labels RENAME TO gone");
    server.import("a.txt", "");
    let answer = server.get("/v1/articles");
    assert_eq!(answer.status, 500);
    assert_eq!(answer.problem()["code"], "internal_error");
    assert!(!answer.text.contains("article_labels"), "{}", answer.text);
}
